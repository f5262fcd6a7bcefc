//! Writing a document again: as it was, or in the form in which IAM returns it.

use crate::document::{
    Document, Element, List, Negatable, PrincipalElement, Scalar, ScalarForm, Statement, Text, TopElement,
};
use crate::json::write_text;

impl Document {
    /// The document as compact JSON, every element where and how it was written.
    pub fn to_json(&self) -> String {
        self.write(false)
    }

    /// The form in which IAM returns documents: compact, statements in a list, elements in the order Version, Id,
    /// Statement and Sid, Effect, Principal, Action, Resource, Condition, lists of one value unwrapped.
    ///
    /// ```
    /// use roadstead_policy::Document;
    /// let text = r#"{"Statement": {"Action": ["sts:AssumeRole"], "Effect": "Allow",
    ///                "Principal": {"Service": ["ecs.amazonaws.com"]}}, "Version": "2012-10-17"}"#;
    /// let canonical = Document::parse(text).unwrap().canonical();
    /// assert_eq!(canonical, r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#);
    /// ```
    pub fn canonical(&self) -> String {
        self.write(true)
    }

    fn write(&self, canonical: bool) -> String {
        use TopElement::{Id, Statement, Version};
        let printer = Printer { canonical };
        let mut out = String::with_capacity(self.span.end - self.span.start);
        let order = if canonical {
            &[Version, Id, Statement][..]
        } else {
            &self.order
        };
        let mut members = Members::new(&mut out);
        for element in order {
            match element {
                Version => {
                    if let Some(version) = self.version {
                        write_text(members.member("Version"), version.name());
                    }
                }
                Id => {
                    if let Some(id) = &self.id {
                        write_text(members.member("Id"), &id.value);
                    }
                }
                Statement => {
                    let out = members.member("Statement");
                    let listed = canonical || self.listed;
                    sequence(out, &self.statements, !listed, |out, statement| {
                        printer.statement(out, statement);
                    });
                }
            }
        }
        members.end();
        out
    }
}

#[derive(Clone, Copy)]
struct Printer {
    canonical: bool,
}

impl Printer {
    fn statement(self, out: &mut String, statement: &Statement) {
        use Element::{Action, Condition, Effect, Principal, Resource, Sid};
        let order = if self.canonical {
            &[Sid, Effect, Principal, Action, Resource, Condition][..]
        } else {
            &statement.order
        };
        let mut members = Members::new(out);
        for element in order {
            match element {
                Sid => {
                    if let Some(sid) = &statement.sid {
                        write_text(members.member("Sid"), &sid.value);
                    }
                }
                Effect => write_text(members.member("Effect"), &statement.effect_text.value),
                Principal => {
                    if let Some(principal) = &statement.principal {
                        let name = if principal.not { "NotPrincipal" } else { "Principal" };
                        self.principal(members.member(name), &principal.value);
                    }
                }
                Action => self.negatable(&mut members, ["Action", "NotAction"], statement.action.as_ref()),
                Resource => self.negatable(&mut members, ["Resource", "NotResource"], statement.resource.as_ref()),
                Condition => {
                    if let Some(blocks) = &statement.conditions {
                        let mut operators = Members::new(members.member("Condition"));
                        for block in blocks {
                            let mut keys = Members::new(operators.member(&block.operator.value));
                            for (key, values) in &block.keys {
                                self.list(keys.member(&key.value), values, scalar);
                            }
                            keys.end();
                        }
                        operators.end();
                    }
                }
            }
        }
        members.end();
    }

    fn negatable(self, members: &mut Members<'_>, names: [&str; 2], element: Option<&Negatable<List<Text>>>) {
        if let Some(element) = element {
            let [plain, negated] = names;
            self.list(
                members.member(if element.not { negated } else { plain }),
                &element.value,
                text,
            );
        }
    }

    fn principal(self, out: &mut String, principal: &PrincipalElement) {
        match principal {
            PrincipalElement::Anyone => out.push_str("\"*\""),
            PrincipalElement::Named(named) => {
                let mut members = Members::new(out);
                for (kind, names) in named {
                    self.list(members.member(kind.name()), names, text);
                }
                members.end();
            }
        }
    }

    fn list<T>(self, out: &mut String, list: &List<T>, item: impl Fn(&mut String, &T)) {
        sequence(
            out,
            &list.items,
            list.bare || (self.canonical && list.items.len() == 1),
            item,
        );
    }
}

fn sequence<T>(out: &mut String, items: &[T], bare: bool, item: impl Fn(&mut String, &T)) {
    if !bare {
        out.push('[');
    }
    for (at, value) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        item(out, value);
    }
    if !bare {
        out.push(']');
    }
}

fn text(out: &mut String, text: &Text) {
    write_text(out, &text.value);
}

fn scalar(out: &mut String, scalar: &Scalar) {
    match scalar.form {
        ScalarForm::Text => write_text(out, &scalar.text.value),
        ScalarForm::Number | ScalarForm::Bool => out.push_str(&scalar.text.value),
    }
}

/// The members of an object that is being written.
pub(crate) struct Members<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Members<'a> {
    pub(crate) fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    /// Writes a member's name; its value is written next, to the string returned.
    pub(crate) fn member(&mut self, name: &str) -> &mut String {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        write_text(self.out, name);
        self.out.push(':');
        self.out
    }

    pub(crate) fn end(self) {
        self.out.push('}');
    }
}
