/** A user's life by the typed client; the compiler holds every path, parameter and answer against the spec. */
import createClient from "openapi-fetch";
import type { paths } from "./users-api";

declare const process: { argv: string[] }; // Node, without its types
const client = createClient<paths>({ baseUrl: process.argv[2] });
const body = { email: "grace@example.com", name: "Grace Hopper" };

const created = await client.POST("/users", { body, params: { header: { "Idempotency-Key": "order-42" } } });
const user = created.data!;
const id = user.id;

const updated = await client.PUT("/users/{id}", { body: { ...body, name: "Grace" }, params: { path: { id } } });
const page = await client.GET("/users", { params: { query: { limit: 10, email: user.email } } });
const taken = await client.POST("/users", { body });
const deleted = await client.DELETE("/users/{id}", { params: { path: { id } } });
// @ts-expect-error: the spec has no property of that name
await client.POST("/users", { body: { mail: "ada@example.com" } });

console.log(
  JSON.stringify([
    created.response.status, updated.data!.name, page.data!.users.length, taken.error!.detail, deleted.response.status,
  ]),
);
