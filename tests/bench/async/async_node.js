// Node's promises in the comparison; the figures and their sizes are those of measure.hpp.
'use strict';

const fs = require('fs');
const spawns = 1e6, batch = 1e3, switches = 4e6, contenders = 100, turns = 1e4, items = 2e6, parked = 1e5, awaits = 5e6;

const cpu = () => { const use = process.cpuUsage(); return (use.user + use.system) * 1e3; };
const each = (began, count) => (cpu() - began) / count;
const resident = () => Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096;

async function value(n) { return n; }
async function nothing() {}
async function yields(count) { for (let i = 0; i < count; ++i) await undefined; }

async function await_ready() {
  const began = cpu();
  let sum = 0;
  for (let i = 0; i < awaits; ++i) sum += await value(i);
  return each(began, awaits);
}

async function spawn() {
  const began = cpu();
  for (let done = 0; done < spawns; done += batch) {
    const all = [];
    for (let i = 0; i < batch; ++i) all.push(Promise.resolve().then(nothing));  // begins in a later turn, as the others
    await Promise.all(all);
  }
  return each(began, spawns);
}

async function yielding(tasks, all) {
  const began = cpu();
  const running = [];
  for (let i = 0; i < tasks; ++i) running.push(yields(all / tasks));
  await Promise.all(running);
  return each(began, all);
}

class Permits {
  constructor(count) { this.free = count; this.waiters = []; this.first = 0; }
  acquire() {
    if (this.free > 0) { --this.free; return undefined; }
    return new Promise((resolve) => this.waiters.push(resolve));
  }
  release() {
    if (this.first === this.waiters.length) { ++this.free; return; }
    this.waiters[this.first++]();
    if (this.first > 1024) { this.waiters.splice(0, this.first); this.first = 0; }
  }
}

async function contended(permits) {
  const limit = new Permits(permits);
  const contender = async () => {
    for (let i = 0; i < turns; ++i) {
      await limit.acquire();
      await undefined;
      limit.release();
    }
  };
  const began = cpu();
  await Promise.all(Array.from({ length: contenders }, contender));
  return each(began, contenders * turns);
}

async function queueing(capacity) {
  const room = new Permits(capacity), filled = new Permits(0), slots = new Array(capacity);
  const produce = async () => {
    for (let i = 0; i < items; ++i) { await room.acquire(); slots[i % capacity] = i; filled.release(); }
  };
  const consume = async () => {
    let sum = 0;
    for (let i = 0; i < items; ++i) { await filled.acquire(); sum += slots[i % capacity]; room.release(); }
    return sum;
  };
  const began = cpu();
  await Promise.all([produce(), consume()]);
  return each(began, items);
}

async function memory() {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const sleeper = async () => { await sleep(3600e3); };
  const before = resident();
  const all = [];
  for (let i = 0; i < parked; ++i) all.push(sleeper());
  await sleep(50);
  return (resident() - before) / parked;
}

const figures = {
  await_ready, spawn, memory,
  switch_2: () => yielding(2, switches), switch_1000: () => yielding(1000, switches),
  gather_10k: () => yielding(1e4, 1e4), gather_100k: () => yielding(1e5, 1e5),
  lock: () => contended(1), semaphore: () => contended(10),
  queue_1: () => queueing(1), queue_1024: () => queueing(1024),
};

(async () => {
  for (const name of process.argv.slice(2)) {
    if (figures[name]) console.log(name, (await figures[name]()).toFixed(3));
  }
  process.exit(0);
})();
