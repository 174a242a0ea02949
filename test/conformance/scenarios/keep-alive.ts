import { hold, instruct } from '../answer.js';
import type { Group, Scenario } from '../scenario.js';
import { get, publish, received, subscribed, within } from '../steps.js';

/** A stream that is kept alive in the given way: `text` arrives within `ms` milliseconds. */
function keptAlive(name: string, channel: string, keepAlive: string, text: string, ms = 2000): Scenario {
  return {
    name,
    origin: [hold('stream', channel, { body: 'open\n', headers: [['Grip-Keep-Alive', keepAlive]] })],
    steps: [get('/'), subscribed(channel), within(ms, received(text))],
  };
}

/** What keeps idle streams alive. */
export const keepAlive: Group = {
  name: 'keep-alive',
  scenarios: [
    keptAlive('raw data is sent as it is', 'alive-1', ':ping\\n; timeout=2', ':ping\\n'),
    keptAlive(
      'a cstring is unescaped',
      'alive-2',
      ':a\\x41\\\\\\n\\n; format=cstring; timeout=2',
      ':aA\\\n\n',
    ),
    keptAlive('base64 is decoded', 'alive-3', 'OnBpbmcK; format=base64; timeout=2', ':ping\n'),
    keptAlive('data may have commas', 'alive-4', 'a, b; timeout=2', 'a, b'),
    keptAlive('a timeout of 0 is one of 1', 'alive-5', ':ping; timeout=0', ':ping', 1000),
    {
      name: 'an item puts an idle keep-alive off',
      origin: [
        hold('stream', 'alive-6', {
          body: 'open\n',
          headers: [['Grip-Keep-Alive', ':ping\\n; format=cstring; timeout=2']],
        }),
      ],
      steps: [
        get('/'),
        subscribed('alive-6'),
        publish('alive-6', { 'http-stream': 'item\n' }),
        within(2000, received(':ping')),
      ],
    },
    {
      name: 'a keep-alive comes again and again',
      origin: [
        hold('stream', 'alive-7', {
          body: 'open\n',
          headers: [['Grip-Keep-Alive', ':ping\\n; format=cstring; timeout=1; mode=interval']],
        }),
      ],
      steps: [
        get('/'),
        subscribed('alive-7'),
        within(1000, received(':ping\n', { times: 1 })),
        within(1000, received(':ping\n', { times: 2 })),
      ],
    },
    {
      name: 'the JSON form keeps alive too',
      origin: [
        instruct({
          hold: {
            mode: 'stream',
            channels: [{ name: 'alive-8' }],
            'keep-alive': { content: ':ping\n', timeout: 2 },
          },
          response: { body: 'open\n' },
        }),
      ],
      steps: [get('/'), subscribed('alive-8'), within(2000, received(':ping'))],
    },
    {
      name: 'the JSON form takes bytes as base64',
      origin: [
        instruct({
          hold: {
            mode: 'stream',
            channels: [{ name: 'alive-9' }],
            'keep-alive': { 'content-bin': 'OnBpbmcK', timeout: 2 },
          },
          response: { body: 'open\n' },
        }),
      ],
      steps: [get('/'), subscribed('alive-9'), within(2000, received(':ping\n'))],
    },
  ],
};
