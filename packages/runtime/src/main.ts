/**
 * The worker: entry of the `rsc` graph. Started by the server with a connection on descriptor 3; loads the application named
 * by CONFIG, and then does the jobs that come.
 */
import './web/install.ts';
import type { Config } from '@ironside/protocol/generated.ts';
import type { Manifest } from '@ironside/protocol/manifest.ts';
import { setHost } from 'ironside/actions/host';
import { dirname } from 'node:path';
import { actionHost } from './action/action-host.ts';
import { installLoaders } from './action/functions.ts';
import { runAction } from './action/run-action.ts';
import { app, setApp } from './app.ts';
import { installFetch } from './cache/fetch.ts';
import { flushRevalidations } from './cache/revalidate.ts';
import { setDraftKey } from './draft-mode.ts';
import { reportError } from './errors.ts';
import { setFormLimits } from './form/form-limits.ts';
import { startInstrumentation } from './instrumentation.ts';
import { loadManifest } from './manifest.ts';
import { runMetadata } from './metadata-route/run-metadata.ts';
import { loadModule } from './modules.ts';
import { openConnection } from './open-connection.ts';
import { runProxy } from './proxy/run-proxy.ts';
import { runPage } from './render/run-page.ts';
import { ssrGraph } from './render/ssr-graph.ts';
import { currentRequest } from './request-store.ts';
import { runHandler } from './route-handler/run-handler.ts';
import type { Runners } from './runner.ts';
import { runOperation } from './static-params/run-operation.ts';

const runners: Runners = {
  page: runPage, prerender: runPage, action: runAction, handler: runHandler, metadata: runMetadata, proxy: runProxy, control: runOperation,
};

async function boot(config: Config): Promise<{ runners: Runners; bundles: string[] }> {
  for (const { name, value } of config.environment) process.env[name] = value;
  process.env['NEXT_RUNTIME'] ??= 'nodejs';
  const manifest = await loadManifest(config.manifest);
  setApp({
    manifest,
    folder: dirname(config.manifest),
    sealKeys: config.keys,
    dev: config.development,
    report: reportError,
    resolve: (url) => currentRequest('resolve').front.resolve(url),
    flushRevalidations,
  });
  setFormLimits({ memory: config.formMemory, parts: config.formParts, text: config.formText, header: config.formHeader });
  if (config.keys[0]) setDraftKey(config.keys[0]);
  installFetch();
  installLoaders(app());
  setHost(actionHost());
  const bundles = [manifest.bootstrap.worker];
  // Before anything else of the application runs, as instrumentation wants to patch it.
  if (manifest.instrumentation !== null) {
    await startInstrumentation(await loadModule(manifest.instrumentation));
    bundles.push(manifest.instrumentation);
  }
  if (manifest.routes.some((route) => route.kind === 'page')) {
    await ssrGraph(app());
    bundles.push(manifest.bootstrap.ssr);
  }
  return { runners, bundles };
}

/** Loads what requests will need, one after the other and only after READY: the first visitor should not wait for it. */
async function warmUp(manifest: Manifest): Promise<void> {
  const chunks = new Set(Object.values(manifest.segments).map((segment) => segment.chunk).filter((chunk) => chunk !== ''));
  for (const chunk of chunks) {
    // A module that cannot be loaded fails the requests that need it, with its own error.
    await loadModule(chunk).catch(() => undefined);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

openConnection({
  runtime: 'ironside worker',
  boot,
  ready: () => { if (!app().dev) void warmUp(app().manifest); },
});
