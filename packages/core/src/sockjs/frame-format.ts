/** How one of the transports over HTTP writes frames into a response. Source: the SockJS protocol. */
export interface FrameFormat {
  readonly contentType: string;
  /** What the body of a stream begins with. */
  readonly prelude: string;
  write(frame: string): string;
}

const SCRIPT = 'application/javascript; charset=UTF-8';

/** `xhr`: a frame is a line. */
export const lineFormat: FrameFormat = {
  contentType: SCRIPT,
  prelude: '',
  write: (frame) => `${frame}\n`,
};

/** `xhr_streaming`: some browsers show a page nothing before they have 2 KB. */
export const streamedLineFormat: FrameFormat = { ...lineFormat, prelude: `${'h'.repeat(2048)}\n` };

/** `eventsource`: a frame is an event. Clients decode it as a URI, so that its percent signs must be encoded. */
export const eventFormat: FrameFormat = {
  contentType: 'text/event-stream',
  prelude: '\r\n',
  write: (frame) => `data: ${frame.replaceAll('%', '%25')}\r\n\r\n`,
};

/** `jsonp`: the response is a script that calls the page back. The comment keeps it from being taken for Flash. */
export function callFormat(callback: string): FrameFormat {
  return {
    contentType: SCRIPT,
    prelude: '',
    write: (frame) => `/**/${callback}(${JSON.stringify(frame)});\r\n`,
  };
}

/** `htmlfile`: the response is a page in an iframe, and each frame a script in it. */
export function pageFormat(callback: string): FrameFormat {
  return { contentType: 'text/html; charset=UTF-8', prelude: scriptPage(callback), write: scriptElement };
}

/** A frame can hold any text, but what stands in a script element must not be able to end it. */
function scriptElement(frame: string): string {
  return `<script>\np(${JSON.stringify(frame).replaceAll('<', '\\u003c')});\n</script>\r\n`;
}

/** Some browsers run no script before they have 1 KB of a page. */
const MIN_PAGE_LENGTH = 1024;

/** The page, word by word as the protocol's own tests compare it. */
function scriptPage(callback: string): string {
  const page = `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.${callback};
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`;
  return `${page.padEnd(MIN_PAGE_LENGTH)}\r\n\r\n`;
}
