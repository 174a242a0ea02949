import type { ConfigReader } from './config-reader.js';

/** Something to tell the operator about a configuration file. */
export interface ConfigNote {
  readonly level: 'warn' | 'debug';
  readonly message: string;
}

/** Keys of Pushpin that do something for users and have no effect here yet. Worth a warning where they are set. */
const LATER = new Set([
  'proxy/log_from',
  'proxy/log_user_agent',
  'proxy/orig_headers_need_mark',
  'proxy/prometheus_port',
  'handler/push_in_spec',
  'handler/push_in_sub_specs',
  'handler/push_in_sub_spec',
  'handler/push_in_sub_connect',
  'handler/stats_spec',
  'handler/command_spec',
  'handler/prometheus_port',
]);

/** Keys of Pushpin about its processes, its internal sockets, its pacing and its statistics: nothing to warn about. */
const WITHOUT_MEANING = new RegExp(
  [
    '^global/(libdir|rundir|ipc_prefix|stats_connection_(ttl|send))$',
    '^runner/(services|logdir|rundir|\\w+_bin)$',
    '^proxy/(workers|max_open_requests|updates_check|organization_name|ipc_file_mode|prometheus_prefix)$',
    '^proxy/(stats_\\w+|\\w+_specs?)$',
    '^handler/(ipc_file_mode|message_(rate|hwm|block_size)|subscription_linger)$',
    '^handler/(stats_\\w+|prometheus_prefix|share_all|state_spec|proxy_\\w+_specs?|\\w+_(in|out|stream)_specs?)$',
  ].join('|'),
);

/** What to say about the keys that nobody asked for: one line for all that come later, one for each that is unknown. */
export function noteUnasked(reader: ConfigReader): ConfigNote[] {
  const later: string[] = [];
  const meaningless: string[] = [];
  const notes: ConfigNote[] = [];
  for (const { section, key, value } of reader.unasked()) {
    const name = `${section}/${key}`;
    if (LATER.has(name)) {
      if (!['', '0', 'false'].includes(value.toLowerCase())) later.push(`[${section}] ${key}`);
    } else if (WITHOUT_MEANING.test(name)) {
      meaningless.push(`[${section}] ${key}`);
    } else {
      notes.push({ level: 'warn', message: `${reader.name(section, key)} is unknown and ignored` });
    }
  }
  if (later.length > 0) {
    notes.push({ level: 'warn', message: `${reader.path}: not supported yet, ignored: ${later.join(', ')}` });
  }
  if (meaningless.length > 0) {
    notes.push({
      level: 'debug',
      message: `${reader.path}: without meaning here, ignored: ${meaningless.join(', ')}`,
    });
  }
  return notes;
}
