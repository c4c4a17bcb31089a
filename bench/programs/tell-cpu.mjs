/** Tells the CPU time of this process, in microseconds, to the process that started it, whenever that asks. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});
process.on('disconnect', () => process.exit());
