// What the tests hand to each script: where the example is served, and who may log in.

import assert from 'node:assert/strict'

export const issuer = process.env.ISSUER
export const resourceServer = {
  id: process.env.RESOURCE_SERVER_ID,
  secret: process.env.RESOURCE_SERVER_SECRET,
}
export const clientId = 'web-app'

export async function login() {
  const response = await fetch(`${issuer}/auth/login/`, {
    method: 'POST',
    body: new URLSearchParams({
      username: process.env.DEMO_USERNAME,
      password: process.env.DEMO_PASSWORD,
      client_id: clientId,
    }),
  })
  assert.equal(response.status, 200)
  return response.json()
}

export function changed(token) {
  const [header, payload, signature] = token.split('.')
  return [header, payload, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.')
}
