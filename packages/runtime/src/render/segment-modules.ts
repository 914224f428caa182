/** The modules of the files that a route's tree names, loaded together. */
import type { FileKey, Manifest, Segment, SegmentKind, SegmentNode } from '@ironside/protocol/manifest.ts';
import { loadModule, type ModuleExports } from '../modules.ts';

export type LoadedSegment = { file: FileKey; segment: Segment; exports: ModuleExports };

/** What convention files there are and what they export; the elements of a route are made from this and the tree. */
export type SegmentModules = ReadonlyMap<FileKey, LoadedSegment>;

export async function loadSegments(manifest: Manifest, root: SegmentNode, more: readonly FileKey[] = []): Promise<SegmentModules> {
  const files = new Set([...filesOf(root), ...more]);
  const loaded = await Promise.all(
    Array.from(files, async (file): Promise<[FileKey, LoadedSegment]> => {
      const segment = manifest.segments[file];
      if (!segment) throw new Error(`The manifest names the file ${file} in a route, but has no module for it.`);
      return [file, { file, segment, exports: await loadModule(segment.chunk) }];
    }),
  );
  return new Map(loaded);
}

function filesOf(node: SegmentNode): FileKey[] {
  return [...(Object.values(node.files) as FileKey[]), ...Object.values(node.slots).flatMap(filesOf)];
}

const NAMES: Partial<Record<SegmentKind, string>> = { page: 'page', layout: 'layout', template: 'template', default: 'default file', loading: 'loading file', error: 'error file' };

/** The component that a convention file exports by default. */
export function componentOf({ file, segment, exports }: LoadedSegment): React.ComponentType<Record<string, unknown>> {
  const component = exports['default'];
  if (typeof component === 'function' || (typeof component === 'object' && component !== null && '$$typeof' in component)) {
    return component as unknown as React.ComponentType<Record<string, unknown>>;
  }
  const found = component === undefined ? 'has no default export' : `exports ${typeof component === 'object' ? 'an object' : `a ${typeof component}`} by default`;
  throw new Error(`The ${NAMES[segment.kind] ?? segment.kind} ${file} ${found}. It has to export a React component: \`export default function …\`.`);
}

/** Whether it is a `'use client'` file, seen from the server. */
export function isClientComponent(component: unknown): boolean {
  return typeof component === 'function' && (component as { $$typeof?: unknown }).$$typeof === Symbol.for('react.client.reference');
}
