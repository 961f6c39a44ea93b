/** The input cannot be judged at all: wrong shape, wrong passphrase format. */
export class Unusable extends Error {
  name = "Unusable";
}

/** The input was judged and does not hold; the message names the first fault. */
export class Fault extends Error {
  name = "Fault";
}
