// The event's own clock, which may be that of a replay. Pure.

/**
 * Return what the event's own clock shows at a wall time, both milliseconds since 1970; null where
 * there is no relation between the two.
 */
export function eventTime(card, wall) {
  const timing = card?.timing;
  if (!timing) return wall;
  if (!timing.speed) return null;
  const began = Date.parse(timing.began ?? 0) || 0;
  return (Date.parse(timing.starts ?? 0) || 0) + (wall - began) * timing.speed;
}

/** Return when an outage began and ended in the event's own time, milliseconds; end may be null. */
export function extent(state, { alarm, restored }) {
  if (restored) return [Date.parse(restored.since), Date.parse(restored.until)];
  const since = eventTime(state.event, Date.parse(alarm.last_received));
  const last = state.entries.at(-1);
  return [since ?? (last ? Date.parse(last.entry.time) : NaN), null];
}
