/** The peer: npm socket.io + better-sqlite3 as usually written: best price read, judged and written in a transaction a bid, answer and broadcast after it. */
import Database from "better-sqlite3";
import { createServer } from "node:http";
import { Server } from "socket.io";

const [, , file, ceiling, step] = process.argv;
const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE auction (id INTEGER PRIMARY KEY, best INTEGER, bids INTEGER, ends TEXT);
  CREATE TABLE bid (seq INTEGER PRIMARY KEY, who TEXT, act TEXT, price INTEGER UNIQUE, at TEXT, UNIQUE (who, act))`);
db.prepare("INSERT INTO auction VALUES (1, NULL, 0, ?)").run(new Date(Date.now() + 3600_000).toISOString());
const read = db.prepare("SELECT * FROM auction WHERE id = 1");
const insert = db.prepare("INSERT INTO bid VALUES (?, ?, ?, ?, ?)");
const update = db.prepare("UPDATE auction SET best = ?, bids = ? WHERE id = 1");
const io = new Server(createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); }), { transports: ["websocket"] });

const take = db.transaction((one) => {
  const row = read.get();
  const fen = Math.round(Number(one.price) * 100);
  const most = row.best === null ? Number(ceiling) * 100 : row.best - Number(step) * 100;
  const at = new Date().toISOString();
  if (at >= row.ends || !(fen > 0 && fen <= most)) return undefined;
  insert.run(row.bids + 1, one.who, one.act, fen, at);
  update.run(fen, row.bids + 1);
  return { seq: row.bids + 1, at };
});
io.on("connection", (socket) => {
  socket.on("join", (data, done) => { socket.join(data.room); done({ status: 200 }); });
  socket.on("bid", (data, done) => {
    const taken = take(data);
    if (!taken) return done({ status: 409 });
    done({ status: 200, result: taken });
    io.to("auction").emit("price", { bid: taken.seq, price: data.price, at: taken.at, who: data.who });
  });
});
