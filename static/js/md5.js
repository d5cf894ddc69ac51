// MD5 (RFC 1321) of an ArrayBuffer, in hex. A part's ETag is the MD5 of its bytes, so this tells whether a stored
// part is the same as the file's. The browser's own SubtleCrypto has no MD5, and works on secure origins only.
const SHIFTS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const SINES = new Int32Array(64).map((_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
const ROUNDS = [ // the function of the round, and which word of the block each step takes
  [(b, c, d) => (b & c) | (~b & d), (i) => i],
  [(b, c, d) => (d & b) | (~d & c), (i) => (5 * i + 1) & 15],
  [(b, c, d) => b ^ c ^ d, (i) => (3 * i + 5) & 15],
  [(b, c, d) => c ^ (b | ~d), (i) => (7 * i) & 15],
];

function mix(state, words, at) {
  let [a, b, c, d] = state;
  for (let round = 0; round < 4; round += 1) {
    const [scramble, word] = ROUNDS[round];
    for (let i = 0; i < 16; i += 1) {
      const sum = (a + scramble(b, c, d) + SINES[16 * round + i] + words[at + word(i)]) | 0;
      const turn = SHIFTS[round][i & 3];
      a = d; d = c; c = b;
      b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    }
  }
  state[0] = (state[0] + a) | 0; state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0; state[3] = (state[3] + d) | 0;
}

export function md5(buffer) {
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  const whole = buffer.byteLength & ~63;
  const words = new Int32Array(buffer, 0, whole >> 2); // browsers run on little-endian machines
  for (let at = 0; at < words.length; at += 16) mix(state, words, at);
  const rest = new Uint8Array(buffer.byteLength - whole < 56 ? 64 : 128);
  rest.set(new Uint8Array(buffer, whole));
  rest[buffer.byteLength - whole] = 0x80;
  const view = new DataView(rest.buffer);
  view.setUint32(rest.length - 8, (buffer.byteLength * 8) >>> 0, true);
  view.setUint32(rest.length - 4, Math.floor(buffer.byteLength / 2 ** 29), true);
  const last = new Int32Array(rest.buffer);
  for (let at = 0; at < last.length; at += 16) mix(state, last, at);
  return [...new Uint8Array(state.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
