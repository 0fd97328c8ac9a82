// A client, a resource server and an introspecting service made with oauth4webapi.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { changed, clientId, issuer, login, resourceServer } from './served.mjs'

const http = { [oauth.allowInsecureRequests]: true } // the example is served on loopback
const client = { client_id: clientId }
const service = { client_id: resourceServer.id }
const notes = new URL(`${issuer}/notes/`)
let server

before(async () => {
  const response = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...http })
  server = await oauth.processDiscoveryResponse(new URL(issuer), response)
})

async function refresh(token) {
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, http)
  return oauth.processRefreshTokenResponse(server, client, response)
}

async function revoke(token, parameters) {
  const options = { additionalParameters: parameters, ...http }
  const response = await oauth.revocationRequest(server, client, oauth.None(), token, options)
  assert.equal(await oauth.processRevocationResponse(response), undefined)
}

async function introspect(token, secret = resourceServer.secret) {
  const proof = oauth.ClientSecretBasic(secret)
  const response = await oauth.introspectionRequest(server, service, proof, token, http)
  return oauth.processIntrospectionResponse(server, service, response)
}

function validate(token, audience = issuer) {
  const request = new Request(notes, { headers: { authorization: `Bearer ${token}` } })
  return oauth.validateJwtAccessToken(server, request, audience, http)
}

async function call(token) {
  return oauth.protectedResourceRequest(token, 'GET', notes, undefined, undefined, http)
}

test('the metadata names everything that is used here', () => {
  assert.equal(server.issuer, issuer)
  for (const name of ['token', 'introspection', 'revocation']) {
    assert.ok(server[`${name}_endpoint`].startsWith(`${issuer}/`), name)
  }
})

test('a refresh answers a pair, and the same one to a retry', async () => {
  const login_ = await login()
  const first = await refresh(login_.refresh_token)
  assert.equal(first.token_type, 'bearer')
  assert.notEqual(first.refresh_token, login_.refresh_token)
  const retries = await Promise.all([1, 2].map(() => refresh(login_.refresh_token)))
  for (const retry of retries) assert.equal(retry.refresh_token, first.refresh_token)
})

test('a refresh token that was never given is invalid_grant', async () => {
  await assert.rejects(refresh('jrt_nonsense'), {
    code: oauth.RESPONSE_BODY_ERROR,
    status: 400,
    error: 'invalid_grant',
  })
})

test('another grant is unsupported_grant_type', async () => {
  const response = await oauth.clientCredentialsGrantRequest(
    server, client, oauth.None(), {}, http,
  )
  await assert.rejects(oauth.processClientCredentialsResponse(server, client, response), {
    error: 'unsupported_grant_type',
  })
})

test('an access token is one of RFC 9068', async () => {
  const { access_token: token } = await login()
  const claims = await validate(token)
  assert.equal(claims.client_id, clientId)
  await assert.rejects(validate(token, 'https://another.example.com'), {
    code: oauth.JWT_CLAIM_COMPARISON,
  })
  await assert.rejects(validate(changed(token)), { code: oauth.INVALID_RESPONSE })
})

test('introspection tells the claims of the token', async () => {
  const { access_token: token } = await login()
  const claims = await validate(token)
  assert.deepEqual(await introspect(token), { ...claims, active: true, token_type: 'Bearer' })
})

test('introspection tells nothing of other tokens', async () => {
  const { access_token: access, refresh_token: refresh_ } = await login()
  for (const token of [refresh_, changed(access), 'nonsense']) {
    assert.deepEqual(await introspect(token), { active: false })
  }
})

test('introspection with a wrong secret is challenged', async () => {
  const { access_token: token } = await login()
  await assert.rejects(introspect(token, 'wrong'), (error) => {
    assert.equal(error.code, oauth.WWW_AUTHENTICATE_CHALLENGE)
    assert.equal(error.status, 401)
    assert.equal(error.cause[0].scheme, 'basic')
    return true
  })
})

test('a revoked access token is dead, and its session is not', async () => {
  const { access_token: token, refresh_token: refreshToken } = await login()
  assert.equal((await call(token)).status, 200)
  await revoke(token, { token_type_hint: 'refresh_token' })
  assert.deepEqual(await introspect(token), { active: false })
  await assert.rejects(call(token), (error) => {
    assert.equal(error.code, oauth.WWW_AUTHENTICATE_CHALLENGE)
    assert.equal(error.status, 401)
    const [{ scheme, parameters }] = error.cause
    assert.equal(scheme, 'bearer')
    assert.equal(parameters.error, 'invalid_token')
    assert.equal(parameters.error_description, 'The access token has been revoked.')
    return true
  })
  const { access_token: next } = await refresh(refreshToken)
  assert.equal((await call(next)).status, 200)
})

test('a revoked refresh token ends its session, and to revoke it again is well', async () => {
  const { access_token: token, refresh_token: refreshToken } = await login()
  await revoke(refreshToken)
  await revoke(refreshToken)
  await revoke('nonsense', { token_type_hint: 'nonsense' })
  await assert.rejects(refresh(refreshToken), { error: 'invalid_grant' })
  await assert.rejects(call(token), { code: oauth.WWW_AUTHENTICATE_CHALLENGE, status: 401 })
})

test('without a token the challenge names no error', async () => {
  const response = await fetch(notes)
  assert.equal(response.status, 401)
  assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="api"')
})
