// A TLS server that prefers HTTP/2, as the real services do, for http2_test.cpp.
//
//   node http2_peer.js CERTIFICATE KEY both|only
//
// both: HTTP/1.1 is spoken with whoever asks for it; only: HTTP/2 and nothing else. Prints its port,
// ends when its standard input does. An answer is as many bytes as the path says (/300000), written
// in pieces as a service writes what it reads from elsewhere; the version of HTTP stands first.
'use strict';
const fs = require('fs');
const http2 = require('http2');

const kPiece = 16384;
const [certificate, key, versions] = process.argv.slice(2);
const server = http2.createSecureServer({
  cert: fs.readFileSync(certificate),
  key: fs.readFileSync(key),
  allowHTTP1: versions === 'both',
});

function writeFrom(body, out) {
  if (body.length <= kPiece) {
    out.end(body);
    return;
  }
  out.write(body.subarray(0, kPiece));
  setImmediate(writeFrom, body.subarray(kPiece), out);
}

function bodyFor(path, version) {
  return Buffer.from(`${version} `.padEnd(Number(path.slice(1)), 'x'));
}

server.on('stream', (stream, headers) => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  writeFrom(bodyFor(headers[':path'], '2.0'), stream);
});
server.on('request', (request, response) => {
  if (request.httpVersion !== '1.1') return; // 'stream' has answered it
  response.setHeader('content-type', 'text/plain');
  writeFrom(bodyFor(request.url, '1.1'), response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
