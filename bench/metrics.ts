/** What is measured. */
export const METRICS = {
  rate: { better: 'more', unit: '/s', says: 'a second' },
  throughput: { better: 'more', unit: 'MB/s', says: 'megabytes a second' },
  p50: { better: 'less', unit: 'ms', says: 'half of them took no longer' },
  p99: { better: 'less', unit: 'ms', says: '99 of 100 took no longer' },
  cpu: { better: 'less', unit: 'µs', says: 'CPU of the server for each' },
  memory: { better: 'less', unit: 'KB', says: 'memory of the server for each connection' },
} as const;

export type Metric = keyof typeof METRICS;

/** Values by metric; what does not apply is missing. */
export type Values = Readonly<Partial<Record<Metric, number>>>;
