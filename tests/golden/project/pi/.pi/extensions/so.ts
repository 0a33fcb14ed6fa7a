// Tells `so` of each event it is bound to, and does what it answers. Without `so` the client starts and works, unguarded, and says so once;
// who wants calls refused then creates ~/.config/so/armed.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SO: string[] = [fileURLToPath(new URL("../../.orchestrator/so-hook", import.meta.url)), "pi"];
const TIMEOUT = 10 * 1000;
const BOUND: string[] = ["session_start", "tool_call"];

type Answer = { block?: boolean; reason?: string; ask?: string; context?: string; notify?: string; again?: string; handled?: string };

/** What two wirings of one process share: the client hands every handler of an event the same object, but for `input`. */
type Shared = { answered: WeakSet<object>; input?: string; again: boolean; work: Promise<unknown> };

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

/** Pictures stay here, and the longest texts lose their end: no check reads them. */
function texts(content: any): any[] {
  const parts = Array.isArray(content) ? content : [];
  return parts.filter((part) => part?.type === "text").map((part) => ({ type: "text", text: String(part.text).slice(0, 200000) }));
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

export default function (pi: any) {
  // Wired twice, by the person and by the project: the first that has an answer gives it.
  const shared: Shared = ((globalThis as any).__so ??= { answered: new WeakSet(), again: false, work: Promise.resolve() });
  const before = new Map<string, string>();
  let missed: object | undefined;
  let told = false;
  let context = "";
  let round: { is: "idle" | "running" | "again"; since: number } = { is: "idle", since: 0 };

  const ask = async (name: string, event: any, payload: any, ctx: any): Promise<Answer | undefined> => {
    if (shared.answered.has(event)) return {};
    const session = ctx?.sessionManager?.getSessionId?.() ?? "";
    process.env.SO_PI_SESSION = session;
    const answer = await call(name, { ...payload, type: name, cwd: ctx?.cwd ?? process.cwd(), hasUI: !!ctx?.hasUI, session_id: session });
    if (answer) shared.answered.add(event);
    else missed = event;
    if (answer?.notify && ctx?.hasUI) ctx.ui.notify(answer.notify, "info");
    return answer;
  };
  const on = (name: string, handler: (event: any, ctx: any) => Promise<any>) => {
    if (BOUND.includes(name)) pi.on(name, handler);
  };
  const later = (work: () => Promise<unknown>) => {
    shared.work = shared.work.then(work).catch(() => {});
  };
  const tell = (text?: string) => {
    if (text) context = context ? `${context}\n${text}` : text;
  };

  on("session_start", async (event, ctx) => tell((await ask("session_start", event, event, ctx))?.context));

  // To `so` a conversation that was cut begins anew, as it does in other clients. Cut in the middle of a round, it is told
  // with the next result: no round begins before.
  let cut = false;
  if (BOUND.includes("session_start"))
    pi.on("session_compact", async (event: any, ctx: any) => {
      cut = round.is !== "idle";
      tell((await ask("session_start", event, { reason: "compact" }, ctx))?.context);
    });

  // What extensions send is no prompt. What a program sends is one, and `so` tells it from a person's.
  on("input", async (event, ctx) => {
    if (event.source === "extension" || shared.input === event.text) return;
    const answer = await ask("input", event, { text: event.text, source: event.source }, ctx);
    if (answer) shared.input = event.text;
    tell(answer?.context);
    if (!answer?.handled) return;
    setTimeout(() => (shared.input = undefined), 1000); // no turn begins that would forget it
    if (ctx?.hasUI) ctx.ui.notify(answer.handled, "warning");
    return { action: "handled" };
  });

  pi.on("before_agent_start", async (_event: any, ctx: any) => {
    shared.input = undefined;
    if (missed && !told && !shared.answered.has(missed)) {
      told = true;
      context = "so is not installed here: not guarded";
      if (ctx?.hasUI) ctx.ui.notify(context, "warning");
    }
    if (!context) return;
    const content = context;
    context = "";
    cut = false;
    return { message: { customType: "so", content, display: false } };
  });

  on("tool_call", async (event, ctx) => {
    const payload = { toolName: event.toolName, toolCallId: event.toolCallId, input: event.input };
    const answer = await ask("tool_call", event, payload, ctx);
    if (!answer) return armed() ? { block: true, reason: "this call is guarded by so, which was not found on this machine" } : undefined;
    if (answer.block) return { block: true, reason: answer.reason };
    if (answer.ask) {
      const yes = ctx?.hasUI ? await ctx.ui.confirm("so", answer.ask) : false;
      if (!yes) return { block: true, reason: answer.reason ?? answer.ask };
    }
    if (answer.context) before.set(event.toolCallId, answer.context);
  });

  // The client has no other place for text about a call: it stands behind the result that the model reads.
  pi.on("tool_result", async (event: any, ctx: any) => {
    const notes = [before.get(event.toolCallId)];
    before.delete(event.toolCallId);
    if (BOUND.includes("tool_result")) {
      const { toolName, toolCallId, input, isError } = event;
      const payload = { toolName, toolCallId, input, isError, content: texts(event.content) };
      notes.push((await ask("tool_result", event, payload, ctx))?.context);
    }
    if (cut) {
      notes.push(context);
      context = "";
      cut = false;
    }
    const text = notes.filter(Boolean).join("\n");
    if (text) return { content: [...event.content, { type: "text", text }] };
  });

  // The client holds back what it tells its own listeners until these handlers return, so they do not wait.
  on("turn_end", async (event, ctx) => {
    if (event.toolResults?.length) later(() => ask("turn_end", event, { turnIndex: event.turnIndex }, ctx));
  });

  pi.on("agent_start", async () => {
    round = { is: "running", since: Date.now() };
  });

  on("agent_end", async (event, ctx) => later(() => ended(event, ctx)));

  // What is still to be done goes back as a prompt; the answer to it is told from one to a person's.
  const ended = async (event: any, ctx: any) => {
    round = { is: "idle", since: Date.now() };
    if (shared.answered.has(event)) return;
    const last = event.messages.slice(-1).map((message: any) => ({ role: message.role, content: texts(message.content) }));
    const again = shared.again;
    const answer = await ask("agent_end", event, { messages: last, again }, ctx);
    shared.again = !!answer?.again;
    if (!answer?.again) return;
    round = { is: "again", since: Date.now() };
    pi.sendUserMessage(answer.again, { deliverAs: "followUp" });
  };

  // Without a terminal the client quits before the last turn's hooks have run, and before a round that they ask for.
  pi.on("session_shutdown", async (event: any, ctx: any) => {
    const asked = Date.now();
    const waits = () => {
      if (round.is === "running" && BOUND.includes("agent_end")) return shared.again || Date.now() - asked < TIMEOUT;
      return round.is === "again" && Date.now() - round.since < TIMEOUT;
    };
    const over = async () => {
      await shared.work;
      return ctx?.hasUI || !waits();
    };
    while (!(await over())) await pause();
    if (BOUND.includes("session_shutdown")) await ask("session_shutdown", event, { reason: event.reason }, ctx);
  });
}
