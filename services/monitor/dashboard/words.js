/** Puts figures and times into the words that people use. */
const figures = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const calendar = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const count = (n) => figures.format(n);
export const timeOfDay = (when) => clock.format(when);
export const dateAndTime = (when) => calendar.format(when);

/** Shows a duration in the unit that matters: 0.4 s, 12 s, 3 min, 2 h, 5 d. */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function bytes(n) {
  if (n < 1024) return `${count(n)} bytes`;
  const steps = Math.min(3, Math.floor(Math.log2(n) / 10));
  return `${(n / 1024 ** steps).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB'][steps]}`;
}

/** Describes the settings of Redis, as far as the Monitor may read them. */
export function redisInWords({ version, appendonly, appendfsync, usedBytes, maxBytes, maxmemoryPolicy }) {
  const file =
    appendonly === undefined ? '' : appendonly ? `append-only file ${appendfsync ?? 'on'}` : 'no append-only file';
  const memory =
    usedBytes === undefined ? '' : maxBytes ? `${bytes(usedBytes)} of ${bytes(maxBytes)}` : bytes(usedBytes);
  return [version ?? '', file, memory, maxmemoryPolicy ?? ''].filter((part) => part !== '').join(' · ') || 'unknown';
}

/** The time after which a Monitor counts as silent: it notes every few seconds that it watches. */
const SILENT_MS = 30_000;

/** Lists the Monitors that watch the run, and those that have stopped without saying so. */
export function monitorsInWords(monitors) {
  const words = monitors.map(({ name, version, silentMs }) =>
    silentMs < SILENT_MS ? `${name}, version ${version}` : `${name}, silent for ${duration(silentMs)}`,
  );
  return words.join(' · ') || 'none has reported yet';
}
