// fire_node_cron.js JOBS STAMP FILE: the peer node-cron; NODE_PATH names the folder it is installed in.
const { spawn } = require('node:child_process');
const cron = require('node-cron');

const [jobs, stamp, file] = process.argv.slice(2);
for (let job = 0; job < Number(jobs); ++job) {
  cron.schedule('* * * * * *', () => spawn(stamp, [file, String(job)], { stdio: 'ignore' }));
}
