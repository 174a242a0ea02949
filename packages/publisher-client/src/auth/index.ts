export type { IAuth } from './auth.js';
export { Basic } from './basic.js';
export { Bearer } from './bearer.js';
export { Jwt } from './jwt.js';
