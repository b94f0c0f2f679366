// The flows of gateway.test.js once more, through nginx by deploy/nginx.conf: TLS and HTTP/2. Streams are not held back.
process.env.BMT_TEST_NGINX = '1';
await import('./gateway.test.js');
