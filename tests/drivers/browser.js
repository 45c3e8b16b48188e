// A headless Chromium on the end of a pipe: each line of standard input is a command as JSON, each is
// answered by one line of JSON. The first argument is the browser's program.
"use strict";
const readline = require("node:readline");
const { chromium } = require("playwright-core");

async function main() {
  const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox"] });
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems = [];
  page.on("console", message => { if (["error", "warning"].includes(message.type())) problems.push(message.text()); });
  page.on("pageerror", error => problems.push(String(error)));
  const requests = [];
  page.on("request", request => requests.push(request.url()));

  const commands = {
    open: async ({ url }) => {
      await page.goto("about:blank");
      problems.length = requests.length = 0;
      await page.goto(url);
    },
    // The expression sees the page; its value comes back.
    evaluate: ({ expression }) => page.evaluate(expression),
    press: ({ keys }) => page.keyboard.press(keys),
    type: ({ selector, text }) => page.fill(selector, text),
    click: ({ selector }) => page.click(selector),
    dress: ({ width, height, scheme }) =>
      Promise.all([page.setViewportSize({ width, height }), page.emulateMedia({ colorScheme: scheme })]),
    screenshot: ({ path }) => page.screenshot({ path, fullPage: true }).then(() => true),
    problems: () => problems.splice(0),
    requests: () => requests.splice(0),
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { command, ...rest } = JSON.parse(line);
    try {
      const value = await commands[command](rest);
      console.log(JSON.stringify({ value: command === "open" || value === undefined ? null : value }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error) }));
    }
  }
  await browser.close();
}

main();
