// The docs page: Swagger UI over the spec that is served, in the browser's colours.
const $ = id => document.getElementById(id);
const name = new URLSearchParams(location.search).get("api") ?? "";
const dark = matchMedia("(prefers-color-scheme: dark)");
const colours = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colours);
colours();

async function read(path, data) {
  const post = {method: "POST", headers: {"X-Console": "1", "Content-Type": "application/json"}, body: JSON.stringify(data)};
  const response = await fetch(path, data === undefined ? {} : post);
  const value = await response.json();
  if (!response.ok) throw new Error(value.detail);
  return value;
}

/** Give a scheme of the spec its local credential; false if there is none for it. */
function authorize(ui, [name, scheme], headers) {
  const token = headers.Authorization?.replace("Bearer ", "");
  const header = Object.keys(headers).find(key => key.toLowerCase() === scheme.name?.toLowerCase());
  const takesToken = scheme.type === "http" ? scheme.scheme === "bearer" : ["oauth2", "openIdConnect"].includes(scheme.type);
  if (scheme.type === "apiKey" && scheme.in === "header" && header) ui.preauthorizeApiKey(name, headers[header]);
  else if (token && takesToken && scheme.type === "http") ui.preauthorizeApiKey(name, token);
  else if (token && takesToken) ui.authActions.authorizeOauth2({auth: {name, schema: {type: scheme.type}}, token: {token_type: "Bearer", access_token: token}});
  else return false;
  return true;
}

async function start() {
  const query = name ? `?api=${encodeURIComponent(name)}` : "";
  const [spec, {apis}] = await Promise.all([read(`openapi.json${query}`), read("api/apis")]);
  document.title = `${spec.info?.title ?? "API"} – docs`;
  const ui = SwaggerUIBundle({
    spec, dom_id: "#ui", deepLinking: true, tryItOutEnabled: true, validatorUrl: null, displayRequestDuration: true,
    defaultModelsExpandDepth: 0, docExpansion: "list", showExtensions: false,
    oauth2RedirectUrl: new URL("docs/oauth2-redirect.html", location.href).href,
  });
  if (apis.length > 1) {
    $("api").replaceChildren(...apis.map(api => new Option(api, api, false, api === (name || apis[0]))));
    $("api").hidden = false;
    $("api").addEventListener("change", () => { location.search = `?api=${encodeURIComponent($("api").value)}`; });
  }
  const schemes = Object.entries(spec.components?.securitySchemes ?? {});
  $("token").hidden = !schemes.length;
  $("token").addEventListener("click", async () => {
    try {
      const {headers} = await read("api/credentials", {});
      const given = schemes.filter(scheme => authorize(ui, scheme, headers)).map(([name]) => name);
      $("said").textContent = given.length ? `Requests carry local credentials: ${given.join(", ")}` : "There are no local credentials for these schemes.";
    } catch (error) { $("said").textContent = error.message; }
  });
}

start().catch(error => { $("said").textContent = `The docs cannot be shown: ${error.message}`; });
