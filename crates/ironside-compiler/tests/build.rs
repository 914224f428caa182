//! Whole builds of small applications: what comes out, and what is said when something is wrong.

mod build_support;

use build_support::App;
use ironside_compiler::options::Mode;
use ironside_model::manifest::{Action, Client, ExternalReason, Manifest, Reach};

fn action<'a>(manifest: &'a Manifest, name: &str) -> &'a Action {
    manifest
        .actions
        .values()
        .find(|action| action.name == name)
        .unwrap_or_else(|| panic!("no action {name}"))
}

fn client<'a>(manifest: &'a Manifest, file: &str) -> &'a Client {
    manifest
        .clients
        .values()
        .find(|client| client.file == file)
        .unwrap_or_else(|| panic!("no client file {file}"))
}

#[tokio::test]
async fn a_build_has_a_chunk_for_everything_that_the_manifest_names() {
    let app = App::new("whole");
    let report = app.build().await.expect("builds");
    let manifest = &report.manifest;
    let files = app.files();
    let segments = manifest.segments.values().map(|segment| &segment.chunk);
    let clients = manifest.clients.values().map(|client| &client.ssr);
    let bootstrap = [&manifest.bootstrap.worker, &manifest.bootstrap.ssr];
    for chunk in segments
        .chain(clients)
        .chain(bootstrap)
        .chain(manifest.actions.values().map(|action| &action.chunk))
    {
        assert!(files.contains_key(chunk), "{chunk}");
        assert!(files.contains_key(&format!("{chunk}.map")), "source map of {chunk}");
    }
    for asset in manifest.assets.values() {
        assert_eq!(files[&asset.file].len() as u64, asset.bytes);
    }
    for client in manifest.clients.values() {
        assert!(
            client
                .preload
                .iter()
                .chain([&client.browser])
                .all(|path| manifest.assets.contains_key(path))
        );
    }
    assert_eq!(manifest.bootstrap.worker, "server/rsc/worker.mjs");
    assert_eq!(manifest.segments["app/page.tsx"].exports, ["default", "revalidate"]);
    assert_eq!(manifest.react, "19.3.1-stub");
    let read: Manifest = serde_json::from_slice(&files["manifest.json"]).expect("manifest");
    assert_eq!(&read, manifest);
    assert_eq!(report.sizes[0].path, "/");
    assert!(report.sizes[0].own_bytes > 0 && report.sizes[0].first_load_bytes > report.shared_bytes);
    assert!(
        report
            .watched
            .contains(&app.path("lib/secret.ts").canonicalize().expect("file"))
    );
}

#[tokio::test]
async fn equal_sources_give_equal_bytes() {
    let (one, other) = (App::new("whole"), App::new("whole"));
    one.build().await.expect("builds");
    other.build().await.expect("builds");
    let (one, other) = (one.files(), other.files());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (file, content) in &one {
        assert_eq!(
            String::from_utf8_lossy(content),
            String::from_utf8_lossy(&other[file]),
            "{file}"
        );
    }
}

#[tokio::test]
async fn client_chunks_have_only_what_server_code_uses() {
    let app = App::new("whole");
    let manifest = app.build().await.expect("builds").manifest;
    assert_eq!(client(&manifest, "components/counter.tsx").exports, ["Counter"]);
    assert_eq!(client(&manifest, "npm:ui-star@3.0.0/index.js").exports, ["Dialog"]);
    assert_eq!(client(&manifest, "npm:ui-cjs@2.0.0/index.js").exports, ["Button"]);
    for folder in ["static", "server/ssr"] {
        let code = app.code(folder);
        assert!(code.contains("dialog-text") && code.contains("button-text"), "{folder}");
        assert!(
            !code.contains("nobody-renders-this") && !code.contains("drawer-text"),
            "{folder}"
        );
    }
    let ssr = &client(&manifest, "npm:ui-cjs@2.0.0/index.js").ssr;
    assert_eq!(
        app.node(&format!("import {{ Button }} from './{ssr}'; console.log(Button())")),
        "button-text"
    );
}

#[tokio::test]
async fn actions_are_found_wherever_they_are_and_know_who_may_call_them() {
    let app = App::new("whole");
    let manifest = app.build().await.expect("builds").manifest;
    assert_eq!(action(&manifest, "addTodo").reach, [Reach::ServerValue]);
    assert_eq!(action(&manifest, "countTodos").reach, [], "it is only called by server code");
    assert_eq!(action(&manifest, "forgotten").reach, []);
    assert_eq!(
        action(&manifest, "vote").reach,
        [Reach::Browser],
        "only client code knows its file"
    );
    assert_eq!(action(&manifest, "unvote").reach, []);
    let rename = action(&manifest, "Page.rename");
    assert_eq!(
        (&rename.reach[..], rename.sealed, rename.line),
        (&[Reach::Inline][..], true, 11)
    );
    assert_eq!(
        rename.chunk, manifest.segments["app/page.tsx"].chunk,
        "a page needs no second chunk for its actions"
    );
    let vote = action(&manifest, "vote");
    let code = format!(
        "import * as m from './{}'; console.log(await m.{}(1), m.{}.actionId)",
        vote.chunk, vote.export, vote.export
    );
    let id = manifest
        .actions
        .iter()
        .find(|(_, action)| action.name == "vote")
        .map(|(id, _)| id)
        .expect("vote");
    assert_eq!(app.node(&code), format!("the-secret-stays-on-the-server1 {id}"));
}

#[tokio::test]
async fn nothing_of_the_server_is_sent_to_the_browser() {
    let app = App::new("whole");
    app.build().await.expect("builds");
    let code = app.code("static");
    assert!(!code.contains("the-secret-stays-on-the-server"));
    assert!(code.contains("label-of-the-build"), "public variables are written in");
    assert!(!code.contains("process.env"), "others are undefined");
    let maps = app
        .files()
        .keys()
        .filter(|file| file.starts_with("static/") && file.ends_with(".map"))
        .count();
    assert_eq!(maps, 0, "source maps are kept, but not served");
}

#[tokio::test]
async fn packages_with_native_parts_are_loaded_by_node() {
    let app = App::new("whole");
    let manifest = app.build().await.expect("builds").manifest;
    let externals: Vec<_> = manifest
        .externals
        .iter()
        .map(|e| (e.package.as_str(), e.version.as_str(), e.reason))
        .collect();
    assert_eq!(externals, [("addon", "1.2.3", ExternalReason::Native)]);
    let chunk = &manifest.segments["app/api/hello/route.ts"].chunk;
    let code = format!("import {{ GET }} from './{chunk}'; console.log(JSON.stringify(await (await GET()).json()))");
    assert_eq!(app.node(&code), r#"{"addon":"native","plain":"plain","folder":"string"}"#);
    assert!(!app.code("server/rsc").contains("dead-branch"));
}

#[tokio::test]
async fn a_development_build_is_the_same_application() {
    let app = App::new("whole");
    let production = app.build().await.expect("builds").manifest;
    let development = app.build_as(Mode::Development).await.expect("builds").manifest;
    assert_eq!(
        production.actions.keys().collect::<Vec<_>>(),
        development.actions.keys().collect::<Vec<_>>()
    );
    assert_eq!(
        production.clients.keys().collect::<Vec<_>>(),
        development.clients.keys().collect::<Vec<_>>()
    );
    assert!(app.code("server/rsc").contains("dead-branch"));
}

#[tokio::test]
async fn a_source_map_leads_back_to_the_line_of_the_source() {
    let app = App::new("whole");
    let manifest = app.build().await.expect("builds").manifest;
    let map = format!("{}.map", action(&manifest, "vote").chunk);
    let map: serde_json::Value = serde_json::from_slice(&app.files()[&map]).expect("source map");
    let sources: Vec<_> = map["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .filter_map(|s| s.as_str())
        .collect();
    assert!(sources.contains(&"../../../../lib/client-actions.ts"), "{sources:?}");
}

#[tokio::test]
async fn a_failed_build_leaves_the_one_before() {
    let app = App::new("broken");
    app.build().await.expect("builds");
    let before = app.files();
    app.write("lib/data.ts", "export const data = ;");
    let said = app.failure().await;
    assert!(said.contains("syntax-error") && said.contains("lib/data.ts:1:21"), "{said}");
    assert_eq!(before, app.files());
}

#[tokio::test]
async fn a_missing_file_is_named_with_the_place_and_its_neighbour() {
    let app = App::new("broken");
    app.write(
        "components/box.tsx",
        "'use client';\nimport { data } from '../lib/dta';\nexport const Box = () => data;",
    );
    let said = app.failure().await;
    for part in [
        "module-not-found",
        "cannot find `../lib/dta`",
        "components/box.tsx:2:22",
        "did you mean `../lib/data`?",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_stylesheet_in_another_language_is_refused_where_it_is_imported() {
    let app = App::new("broken");
    app.write("app/look.less", "@a: red; p { color: @a; }");
    app.write(
        "app/page.tsx",
        "import './look.less';\nexport default function Page() { return null; }",
    );
    let said = app.failure().await;
    for part in ["app/page.tsx:1:8", "`.less` needs a preprocessor"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn styles_come_with_their_segments_and_class_names_agree() {
    let app = App::new("broken");
    app.write("app/layout.css", "body { margin: 0 }");
    app.write(
        "app/layout.tsx",
        "import './layout.css';\nexport default function Layout(p: { children: unknown }) { return p.children; }",
    );
    app.write("components/box.module.css", ".box { color: red }");
    app.write(
        "components/box.tsx",
        "'use client';\nimport css from './box.module.css';\nexport const Box = () => <p className={css.box} />;",
    );
    let manifest = app.build().await.expect("builds").manifest;
    let style = |segment: &str| {
        let styles = &manifest.segments[segment].styles;
        assert_eq!(styles.len(), 1, "{styles:?}");
        String::from_utf8_lossy(&app.files()[&manifest.assets[&styles[0]].file]).into_owned()
    };
    assert!(style("app/layout.tsx").contains("margin:0"));
    let rule = style("app/page.tsx");
    let class = rule.trim_start_matches('.').split('{').next().expect("class name").to_owned();
    assert_eq!(
        client(&manifest, "components/box.tsx").styles,
        manifest.segments["app/page.tsx"].styles
    );
    assert!(
        app.code("server/ssr").contains(&class) && app.code("static").contains(&class),
        "{class}"
    );
}

#[tokio::test]
async fn a_missing_package_is_named_with_the_command_that_installs_it() {
    let app = App::new("broken");
    app.write(
        "app/page.tsx",
        "import { z } from 'zod/v4';\nexport default function Page() { return z; }",
    );
    let said = app.failure().await;
    for part in ["module-not-found", "app/page.tsx:1:19", "npm install zod"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_missing_export_is_named_with_what_was_meant() {
    let app = App::new("broken");
    app.write(
        "app/page.tsx",
        "import { laodUser } from '../lib/data';\nexport default function Page() { return laodUser(); }",
    );
    let said = app.failure().await;
    for part in [
        "missing-export",
        "`laodUser` is not exported by lib/data.ts",
        "app/page.tsx:1:10",
        "did you mean `loadUser`?",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_hook_of_the_router_in_server_code_is_explained() {
    let app = App::new("broken");
    app.write(
        "app/page.tsx",
        "import { useRouter } from 'next/navigation';\nexport default function Page() { return useRouter(); }",
    );
    let said = app.failure().await;
    assert!(said.contains("works only in client components"), "{said}");
    assert!(said.contains("not exported by next/navigation"), "{said}");
}

#[tokio::test]
async fn a_hook_of_react_in_server_code_is_refused_before_it_runs() {
    let app = App::new("broken");
    app.write(
        "lib/use-count.ts",
        "import { useState } from 'react';\nexport const useCount = () => useState(0);",
    );
    app.write(
        "app/page.tsx",
        "import { useCount } from '../lib/use-count';\nexport default function Page() { return useCount(); }",
    );
    let said = app.failure().await;
    for part in [
        "client-api-in-server-code",
        "lib/use-count.ts:1:10",
        "lib/use-count.ts is imported by app/page.tsx",
        "'use client'",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn server_code_in_a_client_component_is_refused_with_the_way_it_came() {
    let app = App::new("broken");
    app.write("lib/data.ts", "import 'server-only';\nexport const data = 1;");
    let said = app.failure().await;
    for part in [
        "wrong-side-import",
        "lib/data.ts:1:8",
        "lib/data.ts is imported by components/box.tsx",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_module_of_node_in_a_client_component_is_explained() {
    let app = App::new("broken");
    app.write(
        "lib/data.ts",
        "import { readFileSync } from 'node:fs';\nexport const data = readFileSync('/x', 'utf8');",
    );
    let said = app.failure().await;
    for part in [
        "lib/data.ts:1:30",
        "`node:fs` is part of Node and does not exist in the browser",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn all_mistakes_of_directives_are_told() {
    let app = App::new("broken");
    app.write("lib/actions.ts", "'use server';\nexport const limit = 3;");
    app.write(
        "app/page.tsx",
        "import { limit } from '../lib/actions';\nexport default function Page() { return limit; }",
    );
    let said = app.failure().await;
    assert!(said.contains("lib/actions.ts:2:"), "{said}");
}
