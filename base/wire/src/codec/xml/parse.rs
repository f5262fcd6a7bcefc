//! A small XML parser: elements, attributes, text, CDATA, the five entities and character references; no DTD.

use std::borrow::Cow;

use crate::error::{Malformed, Read};
use crate::limits::MAX_DEPTH;

/// A parsed document: elements in one list, linked.
#[derive(Debug, Default)]
pub struct Document<'a> {
    elements: Vec<Element<'a>>,
}

/// An element.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    /// The name without its prefix.
    pub name: &'a str,
    /// Attributes with their names as written.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// All text directly in it.
    pub text: Cow<'a, str>,
    pub first: Option<usize>,
    pub next: Option<usize>,
    last: Option<usize>,
}

impl<'a> Document<'a> {
    /// Parses a document with one root element.
    pub fn parse(text: &'a str) -> Read<Self> {
        let mut parser = Parser {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            document: Self::default(),
            open: Vec::new(),
        };
        parser.run()?;
        Ok(parser.document)
    }

    pub(crate) fn element(&self, at: usize) -> Option<&Element<'a>> {
        self.elements.get(at)
    }

    pub(crate) fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let mut next = self.element(at).and_then(|e| e.first);
        std::iter::from_fn(move || {
            let now = next?;
            next = self.element(now).and_then(|e| e.next);
            Some(now)
        })
    }
}

struct Parser<'a> {
    rest: &'a str,
    document: Document<'a>,
    open: Vec<(usize, &'a str)>,
}

fn bad(why: &'static str) -> Malformed {
    Malformed::new(why)
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Read<()> {
        loop {
            let tag = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at_checked(tag).ok_or_else(|| bad("broken XML"))?;
            self.text(unescape(text)?)?;
            self.rest = rest;
            if rest.is_empty() {
                break;
            }
            self.markup()?;
        }
        if !self.open.is_empty() || self.document.elements.is_empty() {
            return Err(bad("the XML document ends early"));
        }
        Ok(())
    }

    fn until(&mut self, end: &str) -> Read<&'a str> {
        let (inner, rest) = self
            .rest
            .split_once(end)
            .ok_or_else(|| bad("XML markup does not end"))?;
        self.rest = rest;
        Ok(inner)
    }

    fn markup(&mut self) -> Read<()> {
        if let Some(rest) = self.rest.strip_prefix("<!--") {
            self.rest = rest;
            self.until("-->").map(drop)
        } else if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
            self.rest = rest;
            let inner = self.until("]]>")?;
            self.text(Cow::Borrowed(inner))
        } else if self.rest.starts_with("<?") {
            self.until("?>").map(drop)
        } else if self.rest.starts_with("<!") {
            Err(bad("a document type is not allowed"))
        } else if let Some(rest) = self.rest.strip_prefix("</") {
            self.rest = rest;
            let name = self.until(">")?.trim_end();
            match self.open.pop() {
                Some((_, open)) if open == name => Ok(()),
                _ => Err(bad("an XML end tag does not match")),
            }
        } else {
            self.start()
        }
    }

    fn start(&mut self) -> Read<()> {
        self.rest = self.rest.strip_prefix('<').unwrap_or(self.rest);
        let full = self.name()?;
        let mut attributes = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                self.push(full, attributes)?;
                self.open.pop();
                return Ok(());
            }
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                return self.push(full, attributes);
            }
            let name = self.name()?;
            let rest = self.rest.trim_start().strip_prefix('=').map(str::trim_start);
            let rest = rest.ok_or_else(|| bad("an XML attribute has no value"))?;
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or_else(|| bad("an XML attribute is not quoted"))?;
            let rest = rest.strip_prefix(quote).unwrap_or(rest);
            let (value, rest) = rest
                .split_once(quote)
                .ok_or_else(|| bad("an XML attribute does not end"))?;
            self.rest = rest;
            if name != "xmlns" && !name.starts_with("xmlns:") {
                attributes.push((name, unescape(value)?));
            }
        }
    }

    fn name(&mut self) -> Read<&'a str> {
        let len = self
            .rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '=' | '<' | '"' | '\''))
            .ok_or_else(|| bad("an XML tag does not end"))?;
        let (name, rest) = self.rest.split_at_checked(len).ok_or_else(|| bad("broken XML"))?;
        if name.is_empty() {
            return Err(bad("an XML name was expected"));
        }
        self.rest = rest;
        Ok(name)
    }

    fn push(&mut self, full: &'a str, attributes: Vec<(&'a str, Cow<'a, str>)>) -> Read<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(bad("the XML document is nested too deeply"));
        }
        let at = self.document.elements.len();
        if let Some((parent, _)) = self.open.last().copied() {
            let before = self.document.elements.get_mut(parent).and_then(|parent| {
                parent.first.get_or_insert(at);
                parent.last.replace(at)
            });
            if let Some(before) = before.and_then(|before| self.document.elements.get_mut(before)) {
                before.next = Some(at);
            }
        } else if at > 0 {
            return Err(bad("an XML document has one root"));
        }
        self.document.elements.push(Element {
            name: full.rsplit(':').next().unwrap_or(full),
            attributes,
            text: Cow::Borrowed(""),
            first: None,
            next: None,
            last: None,
        });
        self.open.push((at, full));
        Ok(())
    }

    fn text(&mut self, text: Cow<'a, str>) -> Read<()> {
        if text.is_empty() {
            return Ok(());
        }
        let Some((at, _)) = self.open.last().copied() else {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err(bad("text stands outside of the XML root"))
            };
        };
        if let Some(element) = self.document.elements.get_mut(at) {
            if element.text.is_empty() {
                element.text = text;
            } else {
                element.text.to_mut().push_str(&text);
            }
        }
        Ok(())
    }
}

/// Resolves entities and character references.
fn unescape(text: &str) -> Read<Cow<'_, str>> {
    if !text.contains('&') {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('&');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (entity, rest) = part.split_once(';').ok_or_else(|| bad("an XML entity does not end"))?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let code = entity.strip_prefix('#').ok_or_else(|| bad("an unknown XML entity"))?;
                let code = match code.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => code.parse(),
                };
                code.ok()
                    .and_then(char::from_u32)
                    .ok_or_else(|| bad("a broken XML character reference"))?
            }
        });
        out.push_str(rest);
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cdata_entities_and_attributes_are_read() {
        let document = Document::parse(
            "<?xml version=\"1.0\"?>\n<x:a xmlns='u' b='&lt;1'>&#x41;<![CDATA[<b>]]>&amp;<!-- c --><c/></x:a>",
        )
        .unwrap();
        let root = document.element(0).unwrap();
        assert_eq!(root.name, "a");
        assert_eq!(root.text, "A<b>&");
        assert_eq!(root.attributes, vec![("b", Cow::Borrowed("<1"))]);
        assert_eq!(document.children(0).count(), 1);
    }

    #[test]
    fn broken_documents_are_refused() {
        for text in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "x<a/>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>",
            "<a>&x;</a>",
            "<a b></a>",
            "<a b=c/>",
            "<a",
            "<>",
            "<a>&#xD800;</a>",
        ] {
            assert!(Document::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |n: usize| "<a>".repeat(n) + &"</a>".repeat(n);
        assert!(Document::parse(&deep(MAX_DEPTH)).is_ok());
        assert!(Document::parse(&deep(MAX_DEPTH + 1)).is_err());
    }
}
