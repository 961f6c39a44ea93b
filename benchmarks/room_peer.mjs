/**
 * The peer: npm socket.io + better-sqlite3 as usually written, a transaction an event, answer and broadcast after it. With
 * "group" as second argument the events of one turn of the loop share a transaction.
 */
import Database from "better-sqlite3";
import { createServer } from "node:http";
import { Server } from "socket.io";

const [, , file, way] = process.argv;
const db = new Database(file);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS event (room TEXT, seq INTEGER, who TEXT, act TEXT, bid TEXT, criterion TEXT, points TEXT, at TEXT,
  PRIMARY KEY (room, seq), UNIQUE (who, act))`);
const insert = db.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
const heads = new Map();
const io = new Server(createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); }), { transports: ["websocket"] });

function write(one) {
  const seq = (heads.get(one.room) ?? 0) + 1;
  insert.run(one.room, seq, one.who, one.act, one.bid, one.criterion, one.points, new Date().toISOString());
  heads.set(one.room, seq);
  return seq;
}
const single = db.transaction(write);
const many = db.transaction((batch) => batch.map(([one]) => write(one)));
let waiting = [];
function settle([one, done], seq) {
  done({ status: 200, result: { seq } });
  io.to(one.room).emit("scored", { seq, who: one.who, act: one.act });
}
io.on("connection", (socket) => {
  socket.on("join", (data, done) => { socket.join(data.room); done({ status: 200 }); });
  socket.on("score", (data, done) => {
    if (way !== "group") return settle([data, done], single(data));
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
