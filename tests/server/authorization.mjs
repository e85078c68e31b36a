// authorization.mjs FOLDER: an OAuth 2 authorization server on loopback, for the
// tests: oidc-provider from FOLDER/node_modules, on a free port that it prints.
// It approves what the test says it should, and ends with its input.
//
// Clients: `sqlite-imap` (native, no secret), `confidential` (with a secret), and
// `dovecot`, which asks what a token is worth. Users are whoever signs in.
//
//   TOKEN_SECONDS   how long an access token lasts (3600)
//   CODE_SECONDS    how long a device code lasts (600)
//   JWT=1           access tokens that a server can check by itself
//   POST /test/deny       from now on the user denies
//   POST /test/slow_down  the next poll is too fast
//   POST /test/revoke     every sign-in so far has ended
//   GET  /test/requests   the bodies of all token requests, one a line
//   GET  /test/jwks       the keys, as Dovecot wants them: kid, newline, PEM
import { createRequire } from 'node:module';
import { createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

// What it has to say of a quick start is not for tests, whose pipe is closed.
console.info = () => {};
console.warn = () => {};

const require = createRequire(`${process.argv[2]}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const seconds = (name, otherwise) => Number(process.env[name] ?? otherwise);
const isJwt = process.env.JWT === '1';

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const { port } = server.address();
const issuer = `http://127.0.0.1:${port}`;
const grants = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];
const redirects = ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://127.0.0.1/redirect'];
const native = { application_type: 'native', grant_types: grants, response_types: ['code'], redirect_uris: redirects };

const provider = new Provider(issuer, {
  clients: [
    { client_id: 'sqlite-imap', token_endpoint_auth_method: 'none', ...native },
    { client_id: 'confidential', client_secret: 'client-secret-x7', ...native },
    { client_id: 'dovecot', client_secret: 'dovecot-secret', grant_types: [], response_types: [], redirect_uris: [] },
  ],
  scopes: ['openid', 'offline_access', 'imap'],
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    resourceIndicators: {
      enabled: isJwt,
      defaultResource: () => 'urn:imap',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'imap', audience: 'urn:imap', accessTokenTTL: seconds('TOKEN_SECONDS', 3600), accessTokenFormat: 'jwt',
      }),
    },
  },
  ttl: {
    AccessToken: seconds('TOKEN_SECONDS', 3600), AuthorizationCode: 60, DeviceCode: seconds('CODE_SECONDS', 600),
    Grant: 86400, IdToken: 600, Interaction: 600, RefreshToken: 86400, Session: 600,
  },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  findAccount: async (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
  extraTokenClaims: async (_, token) => ({ username: token.accountId }),
  // Dovecot does not know the type `at+jwt`.
  formats: { customizers: { jwt: async (_, __, parts) => { parts.header = { ...parts.header, typ: 'JWT' }; } } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ['test'] },
});

let isDenied = false;
let isTooFast = false;
const requests = [];
const granted = new Set();

async function interact(ctx) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  const finish = (result) => provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
  if (isDenied) return finish({ error: 'access_denied', error_description: 'the user said no' });
  if (prompt.name === 'login') return finish({ login: { accountId: params.login_hint ?? 'ada' } });
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  granted.add(await grant.save());
  return finish({ consent: { grantId: [...granted].at(-1) } });
}

async function revoke() {
  for (const id of granted) {
    await (await provider.Grant.find(id))?.destroy();
    await provider.RefreshToken.adapter.revokeByGrantId(id);
    await provider.AccessToken.adapter.revokeByGrantId(id);
  }
  granted.clear();
}

async function keys() {
  const answer = await fetch(`${issuer}/jwks`);
  const [key] = (await answer.json()).keys;
  const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return `${key.kid}\n${pem}`;
}

provider.use(async (ctx, next) => {
  switch (ctx.path) {
    case '/test/deny': isDenied = true; ctx.body = ''; return;
    case '/test/slow_down': isTooFast = true; ctx.body = ''; return;
    case '/test/revoke': await revoke(); ctx.body = ''; return;
    case '/test/requests': ctx.body = requests.join('\n'); return;
    case '/test/jwks': ctx.body = await keys(); return;
    case '/token':
      if (isTooFast) {
        isTooFast = false;
        requests.push('slow_down');
        ctx.status = 400;
        ctx.body = { error: 'slow_down' };
        return;
      }
      break;
    default:
      if (ctx.path.startsWith('/interaction/')) return interact(ctx);
  }
  await next();
  if (ctx.path === '/token') requests.push(new URLSearchParams(ctx.oidc?.body ?? {}).toString());
});

server.on('request', provider.callback());
console.log(port);
process.stdin.on('end', () => process.exit(0)).resume();
