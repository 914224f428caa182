//! Shows the caller's [`Hooks`] to rolldown as a plugin.

use crate::{Hooks, Language, Loaded, ModuleFacts, ModuleSource, ResolveKind, ResolveRequest, Resolved, Resolver};
use rolldown::{
    ModuleType, PreserveEntrySignatures,
    plugin::{
        HookGenerateBundleArgs, HookLoadArgs, HookLoadOutput, HookLoadReturn, HookNoopReturn, HookResolveIdArgs,
        HookResolveIdOutput, HookResolveIdReturn, HookTransformAstArgs, HookTransformAstReturn, HookUsage, Plugin, PluginContext,
        SharedLoadPluginContext,
    },
};
use rolldown_common::{EmittedChunk, side_effects::HookSideEffects};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

#[derive(Debug)]
pub(crate) struct HooksPlugin {
    pub(crate) hooks: Arc<dyn Hooks>,
    pub(crate) modules: Mutex<BTreeMap<String, ModuleFacts>>,
    /// Files that `new URL(…, import.meta.url)` names, in all parts that were read.
    pub(crate) assets: Mutex<BTreeSet<String>>,
}

impl HooksPlugin {
    pub(crate) fn take_modules(&self) -> BTreeMap<String, ModuleFacts> {
        std::mem::take(&mut *self.modules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn assets(&self) -> BTreeSet<String> {
        self.assets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Plugin for HooksPlugin {
    fn name(&self) -> Cow<'static, str> {
        "ironside".into()
    }

    /// Only the hooks that are named here are ever called.
    fn register_hook_usage(&self) -> HookUsage {
        HookUsage::ResolveId | HookUsage::Load | HookUsage::TransformAst | HookUsage::GenerateBundle
    }

    async fn resolve_id(&self, context: &PluginContext, args: &HookResolveIdArgs<'_>) -> HookResolveIdReturn {
        // A partial scan asks once more for ids that are resolved already.
        if args.specifier.starts_with('\0') {
            return Ok(Some(HookResolveIdOutput::from_id(args.specifier)));
        }
        let request = ResolveRequest {
            specifier: args.specifier,
            importer: args.importer,
            kind: ResolveKind::from_rolldown(args.kind),
        };
        let resolved = self.hooks.resolve(request, Resolver::new(context)).await;
        Ok(resolved.and_then(|resolved| match resolved {
            Resolved::Module { id, package_json } => Some(HookResolveIdOutput {
                id: id.into(),
                package_json_path: package_json,
                ..Default::default()
            }),
            Resolved::External(id) => Some(HookResolveIdOutput {
                id: id.into(),
                external: Some(true.into()),
                ..Default::default()
            }),
            Resolved::Ignored(_) => None,
        }))
    }

    async fn load(&self, context: SharedLoadPluginContext, args: &HookLoadArgs<'_>) -> HookLoadReturn {
        // `new URL(…, import.meta.url)` wants the file itself.
        if matches!(args.asserted_module_type, Some(ModuleType::Asset)) {
            let mut assets = self.assets.lock().unwrap_or_else(PoisonError::into_inner);
            assets.insert(args.id.to_owned());
            return Ok(None);
        }
        Ok(self.hooks.load(args.id, Resolver::new(&context)).await.map(load_output))
    }

    async fn transform_ast(&self, context: &PluginContext, mut args: HookTransformAstArgs<'_>) -> HookTransformAstReturn {
        if args.id.starts_with('\0') || args.id.starts_with("rolldown:") {
            return Ok(args.ast);
        }
        let source = args.ast.source().clone();
        let module = ModuleSource {
            id: args.id,
            source: &source,
        };
        if let Some(prepared) = self.hooks.prepare(module, Resolver::new(context)) {
            prepared.await;
        }
        let emit = args
            .ast
            .program
            .with_mut(|cell| self.hooks.transform(module, cell.program, cell.allocator));
        if let Some(name) = emit.entry {
            context.emit_chunk(EmittedChunk {
                name: Some(name.into()),
                id: args.id.to_owned(),
                preserve_entry_signatures: Some(PreserveEntrySignatures::AllowExtension),
                ..EmittedChunk::default()
            })?;
        }
        Ok(args.ast)
    }

    async fn generate_bundle(&self, context: &PluginContext, _: &mut HookGenerateBundleArgs<'_>) -> HookNoopReturn {
        let modules = context
            .get_module_ids()
            .into_iter()
            .filter_map(|id| Some((id.to_string(), ModuleFacts::from_rolldown(&*context.get_module_info(&id)?))))
            .collect();
        *self.modules.lock().unwrap_or_else(PoisonError::into_inner) = modules;
        Ok(())
    }
}

fn load_output(loaded: Loaded) -> HookLoadOutput {
    HookLoadOutput {
        code: loaded.code.into(),
        module_type: Some(match loaded.language {
            Language::JavaScript => ModuleType::Js,
            Language::Jsx => ModuleType::Jsx,
            Language::TypeScript => ModuleType::Ts,
            Language::Tsx => ModuleType::Tsx,
            Language::Json => ModuleType::Json,
            Language::Text => ModuleType::Text,
        }),
        side_effects: loaded.side_effects.map(|kept| {
            if kept {
                HookSideEffects::NoTreeshake
            } else {
                HookSideEffects::False
            }
        }),
        ..HookLoadOutput::default()
    }
}
