// An application that keeps itself logged in with openid-client.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import * as client from 'openid-client'
import { clientId, issuer, login, resourceServer } from './served.mjs'

const notes = new URL(`${issuer}/notes/`)
let app
let service

function discover(id, proof) {
  return client.discovery(new URL(issuer), id, undefined, proof, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests], // the example is served on loopback
  })
}

before(async () => {
  app = await discover(clientId, client.None())
  service = await discover(resourceServer.id, client.ClientSecretBasic(resourceServer.secret))
})

test('the server is discovered', () => {
  const metadata = app.serverMetadata()
  assert.equal(metadata.issuer, issuer)
  assert.deepEqual(metadata.grant_types_supported, ['refresh_token'])
  assert.ok(service.serverMetadata().introspection_endpoint)
})

test('a refreshed token is let in, and its life is told', async () => {
  const tokens = await client.refreshTokenGrant(app, (await login()).refresh_token)
  assert.ok(tokens.expiresIn() > 200 && tokens.expiresIn() <= 300)
  const response = await client.fetchProtectedResource(app, tokens.access_token, notes, 'GET')
  assert.equal(response.status, 200)
  assert.ok(Array.isArray(await response.json()))
})

test('a refresh by another client is refused', async () => {
  const stranger = await discover('another-app', client.None())
  await assert.rejects(client.refreshTokenGrant(stranger, (await login()).refresh_token), {
    error: 'invalid_grant',
    status: 400,
  })
})

test('a live token is introspected, a revoked one is inactive', async () => {
  const { access_token: token } = await login()
  const told = await client.tokenIntrospection(service, token)
  assert.equal(told.active, true)
  assert.equal(told.iss, issuer)
  assert.equal(told.client_id, clientId)

  await client.tokenRevocation(app, token)
  assert.deepEqual(await client.tokenIntrospection(service, token), { active: false })
  await assert.rejects(client.fetchProtectedResource(app, token, notes, 'GET'), { status: 401 })
})

test('a session is ended by its refresh token', async () => {
  const tokens = await login()
  await client.tokenRevocation(app, tokens.refresh_token, { token_type_hint: 'refresh_token' })
  await assert.rejects(client.refreshTokenGrant(app, tokens.refresh_token), {
    error: 'invalid_grant',
  })
})
