//! Parts of React that exist only for client components. React leaves them out of its server build, so importing one in
//! server code fails only when it runs, and with a message that does not say why.

use oxc::ast::ast::{ImportDeclarationSpecifier, Program, Statement};
use std::ops::Range;

const REACT: &[&str] = &[
    "createContext",
    "useActionState",
    "useDeferredValue",
    "useEffect",
    "useEffectEvent",
    "useImperativeHandle",
    "useInsertionEffect",
    "useLayoutEffect",
    "useOptimistic",
    "useReducer",
    "useRef",
    "useState",
    "useSyncExternalStore",
    "useTransition",
];
const REACT_DOM: &[&str] = &["flushSync", "useFormState", "useFormStatus"];

/// An import of such a part: its name, the module, and where the name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientImport {
    pub(super) name: String,
    pub(super) module: String,
    pub(super) span: Range<u32>,
}

/// The first import of a client API that the module calls. Names that are only mentioned may be types.
pub(super) fn find(program: &Program<'_>, source: &str) -> Option<ClientImport> {
    program.body.iter().find_map(|statement| {
        let Statement::ImportDeclaration(import) = statement else {
            return None;
        };
        let names = match import.source.value.as_str() {
            "react" => REACT,
            "react-dom" => REACT_DOM,
            _ => return None,
        };
        import.specifiers.iter().flatten().find_map(|specifier| {
            let ImportDeclarationSpecifier::ImportSpecifier(named) = specifier else {
                return None;
            };
            let imported = named.imported.name();
            let is_called = ["(", "<"]
                .iter()
                .any(|after| source.contains(&format!("{}{after}", named.local.name)));
            (names.contains(&imported.as_str()) && !named.import_kind.is_type() && is_called).then(|| ClientImport {
                name: imported.to_string(),
                module: import.source.value.to_string(),
                span: named.span.start..named.span.end,
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxc::{allocator::Allocator, parser::Parser, span::SourceType};

    fn found(source: &str) -> Option<String> {
        let allocator = Allocator::default();
        find(&Parser::new(&allocator, source, SourceType::tsx()).parse().program, source).map(|import| import.name)
    }

    #[test]
    fn hooks_that_are_called_are_found() {
        assert_eq!(
            found("import { useState } from 'react'; useState(1)"),
            Some("useState".into())
        );
        assert_eq!(
            found("import { useState as s } from 'react'; s<number>(1)"),
            Some("useState".into())
        );
        assert_eq!(
            found("import { useFormStatus } from 'react-dom'; useFormStatus()"),
            Some("useFormStatus".into())
        );
        assert_eq!(
            found("import { cache, useId, use } from 'react'; use(cache(f)(useId()))"),
            None
        );
        assert_eq!(found("import { type useState } from 'react'; useState()"), None);
        assert_eq!(found("import { useState } from './mine'; useState()"), None);
    }
}
