// Asks `so` about each event it is bound to. Without `so` the client starts and works, unguarded, and says so once;
// who wants calls refused then creates ~/.config/so/armed.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SO: string[] = ["so", "hook", "pi"];
const TIMEOUT = 10 * 1000;
const BOUND: string[] = ["session_start", "tool_call"];

type Answer = { block?: boolean; reason?: string; ask?: string; context?: string; notify?: string; handled?: string };

function armed(): boolean {
  return existsSync(join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "so", "armed"));
}

/** What `so` answers; `undefined` when it cannot be started, of which the launcher of a project says 127. */
function call(name: string, payload: unknown): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const child = spawn(SO[0], [...SO.slice(1), name], { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT);
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (err += data));
    child.stdin.on("error", () => {});
    child.on("error", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code === 127) return resolve(undefined);
      if (code === 0) {
        try {
          return resolve(out.trim() ? JSON.parse(out) : {});
        } catch {
          err = "its answer was not JSON";
        }
      }
      resolve({ block: true, reason: `so could not judge this call: ${err.trim() || `it ended with ${code}`}` });
    });
    child.stdin.end(JSON.stringify(payload));
  });
}

export default function (pi: any) {
  // Wired twice, by the person and by the project: the first that has an answer gives it. The client hands one and the
  // same object to every handler of an event.
  const answered: WeakSet<object> = ((globalThis as any).__so_answered ??= new WeakSet());
  let missed: object | undefined;
  let told = false;
  let context = "";

  const ask = async (name: string, event: any, payload: any, ctx: any): Promise<Answer | undefined> => {
    if (answered.has(event)) return {};
    const session = ctx?.sessionManager?.getSessionId?.() ?? "";
    const answer = await call(name, { ...payload, type: name, cwd: ctx?.cwd ?? process.cwd(), hasUI: !!ctx?.hasUI, session_id: session });
    if (answer) answered.add(event);
    else missed = event;
    if (answer?.notify && ctx?.hasUI) ctx.ui.notify(answer.notify, "info");
    return answer;
  };

  if (BOUND.includes("session_start"))
    pi.on("session_start", async (event: any, ctx: any) => {
      const answer = await ask("session_start", event, event, ctx);
      if (answer?.context) context = answer.context;
    });

  pi.on("before_agent_start", async (_event: any, ctx: any) => {
    if (missed && !told && !answered.has(missed)) {
      told = true;
      context = "so is not installed here: not guarded";
      if (ctx?.hasUI) ctx.ui.notify(context, "warning");
    }
    if (!context) return;
    const content = context;
    context = "";
    return { message: { customType: "so", content, display: false } };
  });

  if (BOUND.includes("input"))
    pi.on("input", async (event: any, ctx: any) => {
      const answer = await ask("input", event, { text: event.text, source: event.source }, ctx);
      if (answer?.context) context = context ? `${context}\n${answer.context}` : answer.context;
      if (!answer?.handled) return { action: "continue" };
      if (ctx?.hasUI) ctx.ui.notify(answer.handled, "warning");
      return { action: "handled" };
    });

  if (BOUND.includes("tool_call"))
    pi.on("tool_call", async (event: any, ctx: any) => {
      const payload = { toolName: event.toolName, toolCallId: event.toolCallId, input: event.input };
      const answer = await ask("tool_call", event, payload, ctx);
      if (!answer) return armed() ? { block: true, reason: "this call is guarded by so, which was not found on this machine" } : undefined;
      if (answer.block) return { block: true, reason: answer.reason };
      if (answer.ask) {
        const yes = ctx?.hasUI ? await ctx.ui.confirm("so", answer.ask) : false;
        if (!yes) return { block: true, reason: answer.reason ?? answer.ask };
      }
    });
}
