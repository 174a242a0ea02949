/** Every character of the basic plane, in pieces of 4,000; some browsers used to change some of them on their way. */
export function allCharacters(): string[] {
  const pieces: string[] = [];
  for (let first = 0; first < 0xffff; first += 4000) {
    const codes = Array.from({ length: 4000 }, (_, i) => first + i);
    // Half a character is no text, and cannot be sent in a WebSocket.
    const whole = codes.filter((code) => code <= 0xffff && (code < 0xd800 || code > 0xdfff));
    if (whole.length > 0) pieces.push(String.fromCharCode(...whole));
  }
  return pieces;
}
