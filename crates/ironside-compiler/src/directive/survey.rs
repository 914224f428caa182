//! The first look at a module: which directives it has, and which strings look like one without being one.

use super::{report::Reporter, words::Word};
use oxc::{
    ast::ast::{
        ArrowFunctionExpression, BlockStatement, Directive, Expression, ExpressionStatement, FunctionBody, MethodDefinition,
        MethodDefinitionKind, Program, StaticBlock, SwitchCase,
    },
    ast_visit::{VisitJs, walk_js},
    span::Span,
};

/// What the first look found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// `'use client'` of the file.
    pub(super) client: Option<Span>,
    /// `'use server'` of the file.
    pub(super) server: Option<Span>,
    /// `'use server'` of functions.
    pub(super) inline_server: Vec<Span>,
    /// `'use cache'` of the file, as it is written.
    pub(super) cache: Option<CacheDirective>,
    /// `'use cache'` of functions.
    pub(super) inline_cache: Vec<CacheDirective>,
    findings: Vec<Finding>,
}

/// `'use cache'`, or one of its variants.
#[derive(Debug, Clone)]
pub(super) struct CacheDirective {
    pub(super) text: String,
    pub(super) span: Span,
}

/// A string that has to be talked about.
#[derive(Debug)]
struct Finding {
    word: Word,
    span: Span,
    kind: FindingKind,
}

#[derive(Debug)]
enum FindingKind {
    NotFirst { in_file: bool },
    Parenthesized,
    Misspelt { value: String },
    CacheAndServer,
    Ignored { reason: &'static str },
}

/// Looks at a module without changing it.
pub(super) fn survey(program: &Program<'_>) -> Survey {
    let mut surveyor = Surveyor {
        found: Survey::default(),
        body: Body::File,
        in_constructor: false,
    };
    surveyor.visit_program(program);
    surveyor.found
}

impl Survey {
    /// Whether the module has nothing to do with directives.
    pub(super) fn is_empty(&self) -> bool {
        let files = self.client.is_none() && self.server.is_none() && self.cache.is_none();
        files && self.inline_server.is_empty() && self.inline_cache.is_empty() && self.findings.is_empty()
    }

    /// Reports everything that can be said without knowing more than the strings and their places.
    pub(super) fn check(&self, report: &mut Reporter<'_>) {
        if let (Some(client), Some(server)) = (self.client, self.server) {
            let diagnostic = report.error(
                "directives-conflict",
                server,
                "a file is either `'use client'` or `'use server'`, not both",
            );
            *diagnostic = diagnostic.clone().also(client.start..client.end, "the other one");
            diagnostic.hint = Some("split the file: client components in one, actions in another".to_owned());
        }
        if let (Some(cache), Some(other)) = (&self.cache, self.client.or(self.server)) {
            let message = "a file is either `'use cache'`, or `'use client'` or `'use server'`";
            let diagnostic = report.error("directives-conflict", cache.span, message);
            *diagnostic = diagnostic.clone().also(other.start..other.end, "the other one");
            diagnostic.hint = Some("split the file: what is cached in a file of its own".to_owned());
        }
        for finding in &self.findings {
            // Packages are as they are: bundled ones have left-over directives of their modules all over the place.
            if !report.facts.is_package || matches!(finding.kind, FindingKind::CacheAndServer) {
                finding.report(report);
            }
        }
    }
}

impl CacheDirective {
    fn of(directive: &Directive<'_>) -> Self {
        Self {
            text: directive.expression.value.to_string(),
            span: directive.span,
        }
    }
}

impl Finding {
    fn report(&self, report: &mut Reporter<'_>) {
        let text = self.word.text();
        match &self.kind {
            FindingKind::NotFirst { in_file } => report.not_first(self.word, self.span, *in_file),
            FindingKind::Parenthesized => {
                let message = format!("`'{text}'` in parentheses is not a directive");
                report.error("directive-parenthesised", self.span, message).hint = Some("remove the parentheses".to_owned());
            }
            FindingKind::Misspelt { value } => {
                let message = format!("`'{}'` is not a directive; did you mean `'{text}'`?", value.escape_debug());
                let hint = format!("write `'{text}'`");
                let diagnostic = match self.word {
                    Word::Server => report.error("directive-misspelt", self.span, message),
                    Word::Cache if report.facts.cache.enabled => report.error("directive-misspelt", self.span, message),
                    // Applications that misspell these build today, with the string taken for what it is.
                    Word::Client | Word::Cache => report.warning("directive-misspelt", self.span, message),
                };
                diagnostic.hint = Some(hint);
            }
            FindingKind::CacheAndServer => {
                let message = "a function is either `'use server'` or `'use cache'`, not both";
                report.error("directives-conflict", self.span, message).hint = Some("remove one of them".to_owned());
            }
            FindingKind::Ignored { reason } => {
                let message = format!("`'{text}'` has no effect here: {reason}");
                let hint = "directives count at the top of a file or of an async function's body, in plain quotes";
                report.warning("directive-ignored", self.span, message).hint = Some(hint.to_owned());
            }
        }
    }
}

/// The list of statements that is being looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    File,
    Function,
    Block,
}

struct Surveyor {
    found: Survey,
    body: Body,
    in_constructor: bool,
}

impl Surveyor {
    fn find(&mut self, word: Word, span: Span, kind: FindingKind) {
        self.found.findings.push(Finding { word, span, kind });
    }

    fn prologue_of_file(&mut self, directives: &[Directive<'_>]) {
        for directive in directives {
            let value = directive.expression.value.as_str();
            match Word::of(value) {
                Some(Word::Client) => self.found.client = self.found.client.or(Some(directive.span)),
                Some(Word::Server) => self.found.server = self.found.server.or(Some(directive.span)),
                Some(Word::Cache) => {
                    let _ = self.found.cache.get_or_insert_with(|| CacheDirective::of(directive));
                }
                None => self.misspelt(value, directive.span),
            }
        }
    }

    fn prologue_of_function(&mut self, directives: &[Directive<'_>]) {
        let mut server = false;
        let mut cache = None;
        for directive in directives {
            let value = directive.expression.value.as_str();
            match Word::of(value) {
                Some(Word::Server) if self.in_constructor => {
                    self.find(
                        Word::Server,
                        directive.span,
                        FindingKind::Ignored {
                            reason: "a constructor is no action",
                        },
                    );
                }
                Some(Word::Server) if !server => {
                    server = true;
                    self.found.inline_server.push(directive.span);
                }
                Some(Word::Server) => {}
                Some(Word::Cache) if self.in_constructor => {
                    self.find(
                        Word::Cache,
                        directive.span,
                        FindingKind::Ignored {
                            reason: "a constructor can't be cached",
                        },
                    );
                }
                Some(Word::Cache) => cache = cache.or(Some(CacheDirective::of(directive))),
                Some(Word::Client) => {
                    self.find(
                        Word::Client,
                        directive.span,
                        FindingKind::Ignored {
                            reason: "it is a directive of files",
                        },
                    );
                }
                None => self.misspelt(value, directive.span),
            }
        }
        match cache {
            Some(cache) if server => self.find(Word::Cache, cache.span, FindingKind::CacheAndServer),
            Some(cache) => self.found.inline_cache.push(cache),
            None => {}
        }
    }

    fn misspelt(&mut self, value: &str, span: Span) {
        if let Some(word) = Word::meant_by(value) {
            self.find(word, span, FindingKind::Misspelt { value: value.to_owned() });
        }
    }

    fn statement_list(&mut self, body: Body, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.body, body);
        walk(self);
        self.body = outer;
    }

    /// A string that is a statement of its own.
    fn loose_string(&mut self, value: &str, statement: Span, parenthesized: bool) {
        let Some(word) = Word::of(value) else { return };
        let kind = match (self.body, word) {
            (Body::File | Body::Function, _) if parenthesized => FindingKind::Parenthesized,
            (Body::File, _) => FindingKind::NotFirst { in_file: true },
            (Body::Function, Word::Server | Word::Cache) => FindingKind::NotFirst { in_file: false },
            (Body::Function, Word::Client) => FindingKind::Ignored {
                reason: "it is a directive of files",
            },
            (Body::Block, _) => FindingKind::Ignored {
                reason: "a block is not the body of a function",
            },
        };
        self.find(word, statement, kind);
    }
}

impl<'a> VisitJs<'a> for Surveyor {
    fn visit_program(&mut self, program: &Program<'a>) {
        self.prologue_of_file(&program.directives);
        walk_js::walk_program(self, program);
    }

    fn visit_method_definition(&mut self, method: &MethodDefinition<'a>) {
        self.in_constructor = method.kind == MethodDefinitionKind::Constructor;
        walk_js::walk_method_definition(self, method);
        self.in_constructor = false;
    }

    fn visit_function_body(&mut self, body: &FunctionBody<'a>) {
        self.prologue_of_function(&body.directives);
        let in_constructor = std::mem::take(&mut self.in_constructor);
        self.statement_list(Body::Function, |this| walk_js::walk_function_body(this, body));
        self.in_constructor = in_constructor;
    }

    fn visit_arrow_function_expression(&mut self, arrow: &ArrowFunctionExpression<'a>) {
        let in_constructor = std::mem::take(&mut self.in_constructor);
        walk_js::walk_arrow_function_expression(self, arrow);
        self.in_constructor = in_constructor;
    }

    fn visit_block_statement(&mut self, block: &BlockStatement<'a>) {
        self.statement_list(Body::Block, |this| walk_js::walk_block_statement(this, block));
    }

    fn visit_static_block(&mut self, block: &StaticBlock<'a>) {
        self.statement_list(Body::Block, |this| walk_js::walk_static_block(this, block));
    }

    fn visit_switch_case(&mut self, case: &SwitchCase<'a>) {
        self.statement_list(Body::Block, |this| walk_js::walk_switch_case(this, case));
    }

    fn visit_expression_statement(&mut self, statement: &ExpressionStatement<'a>) {
        let span = statement.span;
        match &statement.expression {
            Expression::StringLiteral(literal) => {
                self.loose_string(&literal.value, span, literal.span.start != span.start);
            }
            Expression::ParenthesizedExpression(inner) => {
                if let Expression::StringLiteral(literal) = inner.expression.without_parentheses() {
                    self.loose_string(&literal.value, span, true);
                }
            }
            Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
                let text = template.quasis.first().and_then(|quasi| quasi.value.cooked);
                if let Some(word) = text.and_then(|text| Word::of(text.as_str())) {
                    self.find(
                        word,
                        span,
                        FindingKind::Ignored {
                            reason: "a template literal is not a directive",
                        },
                    );
                }
            }
            _ => walk_js::walk_expression_statement(self, statement),
        }
    }
}
