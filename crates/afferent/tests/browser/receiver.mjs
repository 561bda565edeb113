// An app's backend that takes webhooks and reads them with the specification's own library.
import { once } from "node:events";
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";
import { until } from "./browser.mjs";

/** Starts a receiver, and stops it after the test. What is posted to it ends up in `posts`. */
export async function startReceiver(t) {
  const posts = [];
  const server = createServer(async (request, answer) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    posts.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    answer.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  /** Waits for a message of a type, and takes it with all before it. */
  const take = async (type) => {
    const place = () => posts.findIndex(({ body }) => type.test(JSON.parse(body).type)) + 1;
    return posts.splice(0, await until(`a message of type ${type}`, place)).at(-1);
  };
  return { url: `http://127.0.0.1:${server.address().port}/hook`, posts, take };
}

/** What a message says, if the secret has signed it. */
export const verified = (secret, { headers, body }) => new Webhook(secret).verify(body, headers);
