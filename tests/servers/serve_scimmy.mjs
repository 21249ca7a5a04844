// An Express application with scimmy and scimmy-routers over a list in memory.
// The argument names the version of Express: express-4 or express.
import { randomUUID } from "node:crypto";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const { default: express } = await import(process.argv[2]);
const token = `Bearer ${process.env.SCIM_TOKEN}`;

// The handlers give everything they have, as the package's own examples do, and leave the rest to it.
function declare(Type) {
  const kept = new Map();
  SCIMMY.Resources.declare(Type, {
    egress: ({ id }) => {
      if (!id) return [...kept.values()];
      if (!kept.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
      return kept.get(id);
    },
    ingress: ({ id = randomUUID() }, data) => {
      const instance = { ...JSON.parse(JSON.stringify(data)), id };
      kept.set(id, instance);
      return instance;
    },
    degress: ({ id }) => {
      kept.delete(id);
    },
  });
}

declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser));
declare(SCIMMY.Resources.Group);

const routers = new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== token) throw new Error("no token");
    return "audit";
  },
});
const listening = express()
  .use("/scim/v2", routers)
  .listen(0, "127.0.0.1", () => console.log(listening.address().port));
