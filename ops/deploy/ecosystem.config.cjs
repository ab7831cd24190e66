// PM2: one process for one SQLite file. `instances: 2` is two owners, of which the second waits for the first.
module.exports = {
  apps: [
    {
      name: 'receiver',
      script: 'server.js',
      exec_mode: 'fork',
      instances: 1,
      // closeOnSignals takes SIGINT, which PM2 sends, and has 10 s.
      kill_timeout: 20_000,
      env: { NODE_ENV: 'production', INBOX: '/var/lib/posthorn/inbox.db' },
    },
  ],
}
