// What `prisma generate` does, without the command: the command first fetches an engine for migrations, from a
// host that tests must not need, and brings a hundred packages more. Prisma's own generator writes the client
// to where @prisma/client looks for it, in node_modules; nothing is fetched.
'use strict';

const path = require('node:path');
const { PrismaClientJsGenerator } = require('@prisma/client-generator-js');
const { getGenerators, loadSchemaContext } = require('@prisma/internals');

async function generate() {
    const schemaContext = await loadSchemaContext({
        schemaPath: { cliProvidedPath: path.join(__dirname, 'schema.prisma') }, printLoadMessage: false,
    });
    const generator = new PrismaClientJsGenerator({ cliCommand: 'node generate.js' });
    const generators = await getGenerators({
        schemaContext, cliCommand: 'node generate.js', skipDownload: true,
        registry: { 'prisma-client-js': { type: 'in-process', generator } },
    });
    for (const each of generators) {
        await each.generate();
        each.stop();
    }
}

generate().catch((error) => {
    console.error(error);
    process.exit(1);
});
