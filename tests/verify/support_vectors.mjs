/* The modules of the browser page against vectors of the standards; ends with 1 at the first mistake. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { digest, hex, sha512, unhex, utf8 } from '../../assets/verify/hash.mjs';
import { ed25519Fits, sm2Fits } from '../../assets/verify/signature.mjs';
import { Key } from '../../assets/verify/note.mjs';
import { drawKeys, ticket } from '../../assets/verify/draw.mjs';

assert.equal(hex(digest('sm3', utf8('abc'))), '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
assert.equal(hex(digest('sm3', utf8('abcd'.repeat(16)))), 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732');
for (let size = 0; size < 300; size++) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 256);
    for (const [name, ours] of [['sha256', digest('sha256', bytes)], ['sm3', digest('sm3', bytes)], ['sha512', sha512(bytes)]]) {
        assert.equal(hex(ours), createHash(name).update(bytes).digest('hex'), `${name} of ${size} bytes`);
    }
}

const ed = [
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
];
for (const [key, message, signature] of ed) {
    assert.ok(ed25519Fits(unhex(key), unhex(message), unhex(signature)));
    assert.ok(!ed25519Fits(unhex(key), unhex(`${message}00`), unhex(signature)));
}

const sm2Key = unhex('0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020'
    + 'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13');
const signed = unhex('3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3'
    + '022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa');
assert.ok(sm2Fits(sm2Key, utf8('message digest'), signed));
assert.ok(!sm2Fits(sm2Key, utf8('message digesT'), signed));

assert.equal(new Key('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW').name, 'PeterNeumann');
assert.throws(() => new Key('PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'), RangeError);

const keys = drawKeys('sm3', new Uint8Array(32).fill(0x11), new Uint8Array(32).fill(0x22), []);
assert.equal(hex(keys.target), 'b80c3787bf874f37c85eb3cfd8c9706ca29da8e534a7d05fed8969cadae24e62');
assert.equal(ticket('sm3', keys.target, '914403000000000058', 4), '0208dbec371f9b96a15954a3ef5631d2faeec2903521f8a97b01dd5f28f7b2e7');
