/**
 * The peer: npm socket.io + better-sqlite3 as usually written, a transaction an event, answer and broadcast after it. With
 * "group" as second argument the events of one turn of the loop share a transaction; with "alike" they do, and each writes what
 * ours writes: the score, an entry of a hash-chained log with salted hashes, the head of that log, the numbered event and the
 * answer to a repeated sending. It asks no guard.
 */
import { createHash, randomBytes } from "node:crypto";
import Database from "better-sqlite3";
import { createServer } from "node:http";
import { Server } from "socket.io";

const [, , file, way] = process.argv;
const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS event (room TEXT, seq INTEGER, who TEXT, act TEXT, bid TEXT, criterion TEXT, points TEXT, at TEXT,
  PRIMARY KEY (room, seq), UNIQUE (who, act))`);
db.exec(`
CREATE TABLE IF NOT EXISTS score (member TEXT, bid TEXT, criterion TEXT, points TEXT, at TEXT, PRIMARY KEY (member, bid, criterion));
CREATE TABLE IF NOT EXISTS entry (stream TEXT, idx INTEGER, at TEXT, kind TEXT, room TEXT, leaf TEXT, hash TEXT, salt TEXT, body TEXT,
  actor TEXT, PRIMARY KEY (stream, idx));
CREATE INDEX IF NOT EXISTS entry_at ON entry (room, at);
CREATE TABLE IF NOT EXISTS head (stream TEXT PRIMARY KEY, size INTEGER, root TEXT);
CREATE TABLE IF NOT EXISTS told (room TEXT, seq INTEGER, at TEXT, kind TEXT, data TEXT, PRIMARY KEY (room, seq));
CREATE TABLE IF NOT EXISTS sent (act TEXT, who TEXT, name TEXT, digest TEXT, answer TEXT, at TEXT, PRIMARY KEY (act, who))`);
const alike = way === "alike" && Object.fromEntries(Object.entries({
  score: "INSERT INTO score VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET points = excluded.points, at = excluded.at",
  entry: "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  head: "INSERT INTO head VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, root = excluded.root",
  told: "INSERT INTO told VALUES (?, ?, ?, ?, ?)",
  again: "SELECT answer FROM sent WHERE act = ? AND who = ?",
  sent: "INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?)",
}).map(([name, text]) => [name, db.prepare(text)]));
const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
const roots = new Map();
const insert = db.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
const heads = new Map();
const io = new Server(createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); }), { transports: ["websocket"] });

function write(one) {
  const seq = (heads.get(one.room) ?? 0) + 1;
  insert.run(one.room, seq, one.who, one.act, one.bid, one.criterion, one.points, new Date().toISOString());
  heads.set(one.room, seq);
  return seq;
}
function writeAll(one) {
  const before = alike.again.get(one.act, one.who);
  if (before) return JSON.parse(before.answer).seq;
  const seq = (heads.get(one.room) ?? 0) + 1, at = new Date().toISOString(), salt = randomBytes(32);
  const body = JSON.stringify({ cells: [{ bid: one.bid, criterion: one.criterion }], member: one.who });
  const actor = JSON.stringify({ address: "", certificate: "", name: "", org: "", org_name: "", person: one.who });
  const leaf = JSON.stringify({ actor: sha(salt.subarray(16), actor), at, body: sha(salt.subarray(0, 16), body), index: seq,
    kind: "score.saved", stream: `case:${one.room}`, v: 1 });
  const hash = sha("\0", leaf), root = sha("\x01", roots.get(one.room) ?? "", hash);
  alike.score.run(one.who, one.bid, one.criterion, one.points, at);
  alike.entry.run(`case:${one.room}`, seq, at, "score.saved", one.room, leaf, hash, salt.toString("base64"), body, actor);
  alike.head.run(`case:${one.room}`, seq, root);
  alike.told.run(one.room, seq, at, "score.progress", JSON.stringify({ member: one.who, done: seq }));
  alike.sent.run(one.act, one.who, "score.save", sha(JSON.stringify(one)), JSON.stringify({ seq }), at);
  heads.set(one.room, seq);
  roots.set(one.room, root);
  return seq;
}
const single = db.transaction(write);
const many = db.transaction((batch) => batch.map(([one]) => (alike ? writeAll : write)(one)));
let waiting = [];
function settle([one, done], seq) {
  done({ status: 200, result: { seq } });
  io.to(one.room).emit("scored", { seq, who: one.who, act: one.act });
}
io.on("connection", (socket) => {
  socket.on("join", (data, done) => { socket.join(data.room); done({ status: 200 }); });
  socket.on("score", (data, done) => {
    if (way === "single") return settle([data, done], single(data));
    if (waiting.push([data, done]) === 1) {
      setImmediate(() => {
        const batch = waiting;
        waiting = [];
        const seqs = many(batch);
        batch.forEach((each, at) => settle(each, seqs[at]));
      });
    }
  });
});
