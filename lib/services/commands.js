'use strict';

/**
 * Logs the commands that the engine reports: each one, or the slow ones alone. Their contents stay out of the log.
 * @param {any} engine
 * @param {import('./logger').Logger} logger
 * @param {number | undefined} slowMS
 */
function reportCommands(engine, logger, slowMS) {
  const reference = new WeakRef(logger);
  const listener = (/** @type {any} */ { name, commandName, pool, address, durationMS }) => {
    const target = reference.deref();
    // Weak: a shared engine must not keep what belongs to a wrapper that is gone.
    if (!target) engine.removeListener('command', listener);
    else if (name === 'commandStarted') return;
    else if (slowMS === undefined) target.debug(`${name} ${commandName}`, { pool, address, durationMS });
    else if (durationMS >= slowMS) target.warn(`Slow command ${commandName}`, { pool, address, durationMS });
  };
  engine.on('command', listener);
}

module.exports = { reportCommands };
