import { DEAD_TARGET, type Setup } from '../scenario.js';

/** The line of Pushpin's routes file that says the same as `setup`; the standalone server reads it too. */
export function routeLine(setup: Setup, originPort: number): string {
  const { route = {}, target = {} } = setup;
  const condition: string[] = [route.host ?? '*'];
  const flag = (name: string, on: boolean | undefined): void => {
    if (on === true) condition.push(name);
  };
  const value = (name: string, text: string | number | undefined): void => {
    if (text !== undefined) condition.push(`${name}=${quoted(String(text))}`);
  };
  value('id', route.id);
  value('proto', route.protocol);
  value('path_beg', route.pathPrefix);
  value('sig_iss', route.sigIss);
  value('sig_key', typeof route.sigKey === 'string' ? route.sigKey : undefined);
  value('prefix', route.prefix);
  value('as_host', route.asHost);
  // its rewriting of a path either drops bytes, or replaces exactly the prefix that was matched
  if (route.pathPrepend === undefined) value('path_rem', route.pathRemove);
  value('replace_beg', route.pathPrepend);
  for (const [name, text] of route.headers ?? []) value('header', `${name}: ${text}`);
  flag('debug', route.debug);
  flag('aco', route.autoCrossOrigin);
  flag('no_grip', route.grip === false);
  value('sockjs', route.sockjs);
  value('sockjs_as_path', route.sockjsAsPath);
  value('jsonp_mode', route.jsonp?.mode);
  value('jsonp_cb', route.jsonp?.callbackParam);
  value('jsonp_body', route.jsonp?.bodyParam);
  value('jsonp_defcb', route.jsonp?.defaultCallback);
  value('jsonp_defmethod', route.jsonp?.defaultMethod);
  const where = [`127.0.0.1:${originPort}`];
  if (target.overHttp === true) where.push('over_http');
  if (target.oneEvent === true) where.push('one_event');
  if (target.host !== undefined) where.push(`host=${target.host}`);
  for (const channel of target.subscribe ?? []) where.push(`sub=${quoted(channel)}`);
  const first = setup.deadTargetFirst === true ? ` ${[DEAD_TARGET, ...where.slice(1)].join(',')}` : '';
  return `${condition.join(',')}${first} ${where.join(',')}`;
}

/** The keys of pushpin.conf that say the same as `setup`. */
export function proxyLines(setup: Setup): Record<string, string> {
  const { proxy = {} } = setup;
  const lines: Record<string, string> = {};
  if (proxy.acceptPushpinRoute !== undefined) lines.accept_pushpin_route = String(proxy.acceptPushpinRoute);
  if (proxy.acceptXForwardedProtocol !== undefined) {
    lines.accept_x_forwarded_protocol = String(proxy.acceptXForwardedProtocol);
  }
  if (proxy.setXForwardedProtocol !== undefined) {
    lines.set_x_forwarded_protocol = String(proxy.setXForwardedProtocol);
  }
  if (proxy.upstreamKey !== undefined) lines.upstream_key = String(proxy.upstreamKey);
  if (proxy.xForwardedFor !== undefined) {
    const { truncate, append } = proxy.xForwardedFor;
    const rules = [truncate === undefined ? [] : [`truncate:${truncate}`], append === true ? ['append'] : []];
    lines.x_forwarded_for = rules.flat().join(',');
  }
  return lines;
}

function quoted(text: string): string {
  return /[\s,"=]/.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text;
}
