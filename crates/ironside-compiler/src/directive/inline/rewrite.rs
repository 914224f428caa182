//! Changes a program as its plan says.

use super::{
    Form, FunctionKind, Helpers, InlinePlan, PlannedAction, Rewrite,
    declaration::{cached_call, name_root, named_function, root_function},
};
use crate::directive::{snippet, snippet::quoted, words::Word};
use oxc::{
    allocator::{Allocator, Box, TakeIn, Vec as ArenaVec},
    ast::ast::{
        ArrowFunctionBody, ChainElement, ClassBody, ClassElement, Directive, Expression, FormalParameters, Function,
        FunctionBody, FunctionType, IdentifierReference, MethodDefinition, ObjectProperty, Program, Statement,
    },
    ast_visit::{VisitJsMut, walk_js_mut},
    span::Span,
    syntax::scope::ScopeId,
};
use std::mem;

/// Moves the inline actions and cached functions of a program to its top level. Gives the statements that go to the module's
/// beginning, and those that go to its end.
pub(in super::super) fn rewrite<'a>(
    program: &mut Program<'a>,
    allocator: &'a Allocator,
    plan: &InlinePlan,
    helpers: &Helpers,
    file: &str,
) -> (String, ArenaVec<'a, Statement<'a>>) {
    let mut rewriter = Rewriter {
        allocator,
        plan,
        moved: ArenaVec::new_in(&allocator),
    };
    rewriter.visit_program(program);
    let mut head = String::new();
    let cached = |action: &PlannedAction| action.kind != FunctionKind::Action;
    for action in plan.actions.iter().filter(|action| cached(action)) {
        let call = cached_call(action, helpers, file, None);
        if action.form == Form::Root {
            let Some(local) = name_root(program, allocator, action) else {
                continue;
            };
            if let Some(function) = root_function(program, action) {
                rewriter.call_instead(function, action, &call);
            }
            // The declaration itself is what other code holds.
            head.push_str(&format!("{};\n", cached_call(action, helpers, file, Some(&local))));
        } else {
            head.push_str(&format!("const {} = {call};\n", action.constant));
        }
    }
    let mut tail = rewriter.moved;
    for action in plan.actions.iter().filter(|action| !cached(action)) {
        let id = quoted(&action.id);
        if action.form == Form::Root {
            let Some(local) = name_root(program, allocator, action) else {
                continue;
            };
            head.push_str(&format!("{}({local}, {id});\n", helpers.action));
            tail.extend(snippet::statements(
                allocator,
                &format!("export {{ {local} as {} }};", action.constant),
            ));
        } else {
            let sealed = if action.pattern.is_some() { ", 1" } else { "" };
            let call = format!("{}({}, {id}{sealed})", helpers.action, action.implementation);
            head.push_str(&format!("export const {} = {call};\n", action.constant));
        }
    }
    (head, tail)
}

struct Rewriter<'a, 'p> {
    allocator: &'a Allocator,
    plan: &'p InlinePlan,
    moved: ArenaVec<'a, Statement<'a>>,
}

/// The parts of a function that move.
struct Parts<'a> {
    span: Span,
    generator: bool,
    params: Box<'a, FormalParameters<'a>>,
    body: Box<'a, FunctionBody<'a>>,
}

impl<'a, 'p> Rewriter<'a, 'p> {
    fn planned(&self, scope: Option<ScopeId>) -> Option<&'p PlannedAction> {
        let index = self.plan.by_scope.get(&scope?)?;
        self.plan.actions.get(*index)
    }

    fn take_function(&self, function: &mut Function<'a>) -> Option<Parts<'a>> {
        let body = function.body.take()?;
        let params = function.params.take_in_box(&self.allocator);
        Some(Parts {
            span: function.span,
            generator: function.generator,
            params,
            body,
        })
    }

    /// Puts a function to the end of the module.
    fn hoist(&mut self, action: &PlannedAction, mut parts: Parts<'a>) {
        let pattern = action.pattern.as_deref().unwrap_or_default();
        let made = named_function(self.allocator, &action.implementation, pattern, &action.prelude);
        let Some(mut function) = made else { return };
        let Some(body) = &mut function.body else { return };
        strip_use_strict(&mut parts.body.directives);
        body.span = parts.body.span;
        body.directives = parts.body.directives.take_in(&self.allocator);
        body.statements.extend(parts.body.statements.drain(..));
        function.params.items.extend(parts.params.items.drain(..));
        function.params.rest = parts.params.rest.take();
        function.span = parts.span;
        function.generator = parts.generator;
        self.moved.push(Statement::FunctionDeclaration(function));
    }

    /// Moves a declaration's body away, and lets it call the cache.
    fn call_instead(&mut self, function: &mut Function<'a>, action: &PlannedAction, call: &str) {
        let Some(parts) = self.take_function(function) else { return };
        self.hoist(action, parts);
        let body = format!("return {call}(...args);");
        if let Some(mut made) = named_function(self.allocator, "made", "...args", &body) {
            function.params = made.params.take_in_box(&self.allocator);
            function.body = made.body.take();
        }
    }

    /// The body of a function that is only an expression.
    fn block(&self, expression: Expression<'a>) -> Option<Box<'a, FunctionBody<'a>>> {
        let mut made = named_function(self.allocator, "made", "", "return 0;")?;
        let mut body = made.body.take()?;
        if let Some(Statement::ReturnStatement(statement)) = body.statements.first_mut() {
            statement.argument = Some(expression);
        }
        Some(body)
    }

    fn reference(&self, action: &PlannedAction) -> Option<Expression<'a>> {
        snippet::expression(self.allocator, &action.reference)
    }

    /// The rewrite of a chain of members that begins with a captured variable, if it ends with this expression.
    fn captured_chain(&self, expression: &Expression<'a>) -> Option<&'p Rewrite> {
        let mut depth = 0;
        let mut current = expression;
        loop {
            current = match current {
                Expression::StaticMemberExpression(member) => {
                    depth += 1;
                    &member.object
                }
                Expression::ChainExpression(chain) => match &chain.expression {
                    ChainElement::StaticMemberExpression(member) => {
                        depth += 1;
                        &member.object
                    }
                    ChainElement::TSNonNullExpression(inner) => &inner.expression,
                    _ => return None,
                },
                Expression::ParenthesizedExpression(inner) => &inner.expression,
                Expression::TSNonNullExpression(inner) => &inner.expression,
                Expression::TSAsExpression(inner) => &inner.expression,
                Expression::TSSatisfiesExpression(inner) => &inner.expression,
                Expression::TSTypeAssertion(inner) => &inner.expression,
                Expression::Identifier(name) => {
                    let rewrite = self.plan.rewrites.get(&name.reference_id.get()?)?;
                    return (rewrite.depth > 0 && rewrite.depth == depth).then_some(rewrite);
                }
                _ => return None,
            };
        }
    }

    /// Whether an object is about to be replaced by a value that may be nothing where the rest of its chain was skipped.
    fn ends_optional(&self, object: &Expression<'a>) -> bool {
        let in_chain = !matches!(
            object,
            Expression::ChainExpression(_) | Expression::ParenthesizedExpression(_)
        );
        in_chain && self.captured_chain(object).is_some_and(|rewrite| rewrite.optional)
    }

    /// Puts the constants of a list's declarations where the plan wants them.
    fn place_declarations(&mut self, list: &mut ArenaVec<'a, Statement<'a>>) {
        let action_of = |statement: &Statement<'a>| match statement {
            Statement::FunctionDeclaration(function) => self
                .planned(function.scope_id.get())
                .filter(|action| action.form == Form::Declaration),
            _ => None,
        };
        let mut planned: Vec<(usize, &'p PlannedAction)> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (index, statement) in list.iter().enumerate() {
            if let (Some(action), Statement::FunctionDeclaration(function)) = (action_of(statement), statement) {
                planned.push((action.place.unwrap_or(index), action));
                names.extend(function.id.as_ref().map(|id| id.name.to_string()));
            }
        }
        if planned.is_empty() {
            return;
        }
        planned.sort_by_key(|(place, action)| (*place, action.order, action.span.start));
        let locals: Vec<(usize, String)> = planned
            .iter()
            .map(|(place, action)| (*place, self.constant(list, action)))
            .collect();
        let old = mem::replace(list, ArenaVec::new_in(&self.allocator));
        let end = old.len();
        for (index, mut statement) in old.into_iter().enumerate() {
            self.push_constants(list, &locals, |place| place == index);
            match &mut statement {
                Statement::FunctionDeclaration(function) => {
                    let action = self
                        .planned(function.scope_id.get())
                        .filter(|action| action.form == Form::Declaration);
                    if let Some(action) = action {
                        if let Some(parts) = self.take_function(function) {
                            self.hoist(action, parts);
                        }
                    } else if !is_overload(function, &names) {
                        list.push(statement);
                    }
                }
                _ => list.push(statement),
            }
        }
        self.push_constants(list, &locals, |place| place >= end);
    }

    fn constant(&self, list: &ArenaVec<'a, Statement<'a>>, action: &PlannedAction) -> String {
        let local = list.iter().find_map(|statement| match statement {
            Statement::FunctionDeclaration(function) if function.scope_id.get() == Some(action.scope) => function.id.as_ref(),
            _ => None,
        });
        // A function's name may be assigned to.
        let keyword = if action.is_constant { "const" } else { "let" };
        local.map_or_else(String::new, |id| format!("{keyword} {} = {};", id.name, action.reference))
    }

    fn push_constants(&self, list: &mut ArenaVec<'a, Statement<'a>>, texts: &[(usize, String)], here: impl Fn(usize) -> bool) {
        for (_, text) in texts.iter().filter(|(place, _)| here(*place)) {
            list.extend(snippet::statements(self.allocator, text));
        }
    }

    /// `static name = reference`, with the key of the method that it replaces.
    fn static_field(&self, action: &PlannedAction, method: &mut MethodDefinition<'a>) -> Option<ClassElement<'a>> {
        let text = format!("class {{ static key = {}; }}", action.reference);
        let Some(Expression::ClassExpression(mut class)) = snippet::expression(self.allocator, &text) else {
            return None;
        };
        let Some(ClassElement::PropertyDefinition(mut field)) = class.body.body.pop() else {
            return None;
        };
        field.key = method.key.take_in(&self.allocator);
        field.computed = method.computed;
        Some(ClassElement::PropertyDefinition(field))
    }
}

/// Whether a declaration without body only adds a type to an action of this list.
fn is_overload(function: &Function<'_>, names: &[String]) -> bool {
    let named = function
        .id
        .as_ref()
        .is_some_and(|id| names.iter().any(|name| name == id.name.as_str()));
    function.r#type == FunctionType::TSDeclareFunction && named
}

/// Modules are strict, and a function with a pattern as parameter must not say that it is.
fn strip_use_strict(directives: &mut ArenaVec<'_, Directive<'_>>) {
    directives.retain(|directive| directive.expression.value != "use strict");
}

impl<'a> VisitJsMut<'a> for Rewriter<'a, '_> {
    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        if let Some(rewrite) = self.captured_chain(expression) {
            if let Some(name) = snippet::expression(self.allocator, &rewrite.to) {
                *expression = name;
            }
            return;
        }
        walk_js_mut::walk_expression(self, expression);
        let (action, parts) = match expression {
            Expression::FunctionExpression(function) => {
                let Some(action) = self.planned(function.scope_id.get()) else {
                    return;
                };
                (action, self.take_function(function))
            }
            Expression::ArrowFunctionExpression(arrow) => {
                let Some(action) = self.planned(arrow.scope_id.get()) else {
                    return;
                };
                let body = match &mut arrow.body {
                    ArrowFunctionBody::FunctionBody(body) => body.take_in_box(&self.allocator),
                    body => {
                        let Some(value) = body.as_expression_mut() else { return };
                        let Some(body) = self.block(value.take_in(&self.allocator)) else {
                            return;
                        };
                        body
                    }
                };
                let params = arrow.params.take_in_box(&self.allocator);
                (
                    action,
                    Some(Parts {
                        span: arrow.span,
                        generator: false,
                        params,
                        body,
                    }),
                )
            }
            _ => return,
        };
        if let (Some(parts), Some(reference)) = (parts, self.reference(action)) {
            self.hoist(action, parts);
            *expression = reference;
        }
    }

    fn visit_function_body(&mut self, body: &mut FunctionBody<'a>) {
        // Whatever it asked for is done, also in functions that are exports of a server file.
        body.directives
            .retain(|directive| !matches!(Word::of(&directive.expression.value), Some(Word::Server | Word::Cache)));
        walk_js_mut::walk_function_body(self, body);
    }

    fn visit_statements(&mut self, list: &mut ArenaVec<'a, Statement<'a>>) {
        walk_js_mut::walk_statements(self, list);
        self.place_declarations(list);
    }

    fn visit_object_property(&mut self, property: &mut ObjectProperty<'a>) {
        if let Expression::FunctionExpression(function) = &property.value
            && property.method
            && self.planned(function.scope_id.get()).is_some()
        {
            property.method = false;
        }
        walk_js_mut::walk_object_property(self, property);
        if property.shorthand {
            let same = match (&property.value, property.key.static_name()) {
                (Expression::Identifier(value), Some(key)) => value.name.as_str() == key,
                _ => false,
            };
            property.shorthand = same;
        }
    }

    fn visit_class_body(&mut self, body: &mut ClassBody<'a>) {
        walk_js_mut::walk_class_body(self, body);
        // Methods exist before the first field is evaluated, so fields that were methods come first. Computed keys stay.
        let mut first = Vec::new();
        let mut rest = Vec::new();
        for mut element in mem::replace(&mut body.body, ArenaVec::new_in(&self.allocator)) {
            if let ClassElement::MethodDefinition(method) = &mut element
                && let Some(action) = self.planned(method.value.scope_id.get())
                && let Some(parts) = self.take_function(&mut method.value)
            {
                self.hoist(action, parts);
                let computed = method.computed;
                if let Some(field) = self.static_field(action, method) {
                    if computed { rest.push(field) } else { first.push(field) }
                }
            } else {
                rest.push(element);
            }
        }
        body.body.extend(first.into_iter().chain(rest));
    }

    fn visit_static_member_expression(&mut self, member: &mut oxc::ast::ast::StaticMemberExpression<'a>) {
        member.optional |= self.ends_optional(&member.object);
        walk_js_mut::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(&mut self, member: &mut oxc::ast::ast::ComputedMemberExpression<'a>) {
        member.optional |= self.ends_optional(&member.object);
        walk_js_mut::walk_computed_member_expression(self, member);
    }

    fn visit_identifier_reference(&mut self, name: &mut IdentifierReference<'a>) {
        let rewrite = name.reference_id.get().and_then(|id| self.plan.rewrites.get(&id));
        if let Some(rewrite) = rewrite.filter(|rewrite| rewrite.depth == 0) {
            name.name = self.allocator.alloc_str(&rewrite.to).into();
        }
    }
}
