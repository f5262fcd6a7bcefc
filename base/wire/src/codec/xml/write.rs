//! Writes values as XML.

use roadstead_core::time::Timestamp;

use crate::codec::text;
use crate::schema::{Kind, Location, Member, Namespace, Shape, TimestampFormat};
use crate::value::{Structure, Value, Writer};

/// Writes XML elements one after the other.
pub struct XmlWriter {
    out: Vec<u8>,
    /// The name of the next element, and its namespace.
    name: &'static str,
    namespace: Option<Namespace>,
    /// Whether the next list or map stands without its wrapper.
    flattened: bool,
    format: Option<TimestampFormat>,
    /// The name that elements and entries of the list or map being written take.
    element: Option<&'static str>,
    element_namespace: Option<Namespace>,
    /// Members bound elsewhere are not for the body.
    bound: bool,
    attributes: bool,
    /// The depth of elements, where each stands on a line of its own.
    lines: Option<usize>,
    last: Last,
}

/// What was written last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// The start of an element.
    Start,
    /// Text within an element.
    Text,
    /// The end of an element.
    End,
}

impl XmlWriter {
    /// A writer; `bound` leaves out members that stand elsewhere in the message.
    pub fn new(bound: bool) -> Self {
        Self {
            out: Vec::with_capacity(512),
            name: "",
            namespace: None,
            flattened: false,
            format: None,
            element: None,
            element_namespace: None,
            bound,
            attributes: false,
            lines: None,
            last: Last::End,
        }
    }

    /// The same writer with a line for each element, two blanks deeper for each level, as IAM and STS lay out theirs.
    #[must_use]
    pub fn in_lines(mut self) -> Self {
        self.lines = Some(0);
        self
    }

    /// What was written.
    pub fn finish(self) -> bytes::Bytes {
        self.out.into()
    }

    /// Writes markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.out.extend_from_slice(markup.as_bytes());
    }

    /// Writes a whole element with a text.
    pub fn pair(&mut self, name: &str, value: &str) {
        self.open_plain(name);
        self.last = Last::Text;
        push_escaped(&mut self.out, value);
        self.close(name);
    }

    /// Opens an element without attributes.
    pub fn open_plain(&mut self, name: &str) {
        self.start(name);
        self.out.push(b'>');
    }

    /// Writes the beginning of a start tag, where the layout wants it.
    fn start(&mut self, name: &str) {
        if let Some(depth) = &mut self.lines {
            if self.last == Last::Start {
                self.out.push(b'\n');
            }
            self.out.resize(self.out.len() + 2 * *depth, b' ');
            *depth += 1;
        }
        self.last = Last::Start;
        self.out.push(b'<');
        self.raw(name);
    }

    /// Opens an element with a default namespace.
    pub fn open_in(&mut self, name: &str, uri: &str) {
        self.start(name);
        if !uri.is_empty() {
            self.raw(" xmlns=\"");
            push_escaped(&mut self.out, uri);
            self.out.push(b'"');
        }
        self.out.push(b'>');
    }

    /// Closes an element.
    pub fn close(&mut self, name: &str) {
        if let Some(depth) = &mut self.lines {
            *depth = depth.saturating_sub(1);
            match self.last {
                Last::Start => {
                    // Nothing was written since: the element is empty.
                    self.out.pop();
                    self.out.extend_from_slice(b"/>\n");
                    self.last = Last::End;
                    return;
                }
                Last::Text => {}
                Last::End => self.out.resize(self.out.len() + 2 * *depth, b' '),
            }
        }
        self.raw("</");
        self.raw(name);
        self.out.push(b'>');
        if self.lines.is_some() {
            self.out.push(b'\n');
        }
        self.last = Last::End;
    }

    /// Names the next element.
    pub fn next_name(&mut self, name: &'static str, namespace: Option<Namespace>) {
        self.name = name;
        self.namespace = namespace;
    }

    /// Opens the element that was named; the caller closes it by the name that comes back.
    fn open(&mut self, value: Option<(&'static Shape, &dyn Structure)>) -> &'static str {
        let name = self.name;
        self.start(name);
        if let Some(Namespace { uri, prefix }) = self.namespace.take() {
            self.raw(" xmlns");
            if !prefix.is_empty() {
                self.out.push(b':');
                self.raw(prefix);
            }
            self.raw("=\"");
            push_escaped(&mut self.out, uri);
            self.out.push(b'"');
        }
        if let Some((shape, value)) = value
            && shape.members.iter().any(|m| m.attribute)
        {
            self.attributes = true;
            value.write(shape.members, self);
            self.attributes = false;
        }
        self.out.push(b'>');
        name
    }

    fn scalar(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.attributes {
            write(&mut self.out);
            return;
        }
        let name = self.open(None);
        self.last = Last::Text;
        write(&mut self.out);
        self.close(name);
    }

    /// Opens the wrapper of a list or map, unless it is flattened.
    fn wrap(&mut self) -> Option<&'static str> {
        if std::mem::take(&mut self.flattened) {
            self.element = Some(self.name);
            self.element_namespace = self.namespace;
            return None;
        }
        let name = self.open(None);
        self.element = None;
        self.element_namespace = None;
        Some(name)
    }
}

/// Writes text, escaped for elements and attributes alike.
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, b) in bytes.iter().enumerate() {
        let escape: &[u8] = match b {
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'&' => b"&amp;",
            b'"' => b"&quot;",
            b'\r' => b"&#xD;",
            // Not allowed in XML at all, not even as a reference.
            0..=8 | 0xb | 0xc | 0xe..=0x1f => "\u{fffd}".as_bytes(),
            _ => continue,
        };
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        out.extend_from_slice(escape);
        from = at + 1;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
}

impl Writer for XmlWriter {
    fn structure(&mut self, shape: &'static Shape, value: &dyn Structure) {
        let name = self.open(Some((shape, value)));
        value.write(shape.members, self);
        self.close(name);
    }

    fn member(&mut self, member: &'static Member, value: &dyn Value) {
        if self.attributes != member.attribute || (self.bound && member.location != Location::Body) {
            return;
        }
        self.format = member.timestamp;
        if self.attributes {
            self.out.push(b' ');
            self.raw(member.wire);
            self.raw("=\"");
            value.write(member.shape, self);
            self.out.push(b'"');
            return;
        }
        self.name = member.wire;
        self.namespace = member.namespace;
        self.flattened = member.flattened && matches!(member.shape.kind, Kind::List | Kind::Map);
        value.write(member.shape, self);
    }

    fn list(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        let outer = (self.element, self.element_namespace);
        let wrapper = self.wrap();
        fill(self);
        if let Some(name) = wrapper {
            self.close(name);
        }
        (self.element, self.element_namespace) = outer;
    }

    fn element(&mut self, element: &'static Member, value: &dyn Value) {
        self.name = self.element.unwrap_or(element.wire);
        self.namespace = element.namespace.or(self.element_namespace);
        self.format = element.timestamp;
        value.write(element.shape, self);
    }

    fn map(&mut self, _: &'static Shape, _: usize, fill: &mut dyn FnMut(&mut dyn Writer)) {
        let outer = (self.element, self.element_namespace);
        let wrapper = self.wrap();
        fill(self);
        if let Some(name) = wrapper {
            self.close(name);
        }
        (self.element, self.element_namespace) = outer;
    }

    fn entry(&mut self, shape: &'static Shape, key: &str, value: &dyn Value) {
        let Some((key_member, value_member)) = shape.entry() else {
            return;
        };
        self.name = self.element.unwrap_or("entry");
        self.namespace = self.element_namespace;
        let name = self.open(None);
        self.name = key_member.wire;
        self.namespace = key_member.namespace;
        self.scalar(|out| push_escaped(out, key));
        self.name = value_member.wire;
        self.namespace = value_member.namespace;
        self.format = value_member.timestamp;
        value.write(value_member.shape, self);
        self.close(name);
    }

    fn text(&mut self, _: &'static Shape, value: &str) {
        self.scalar(|out| push_escaped(out, value));
    }

    fn boolean(&mut self, _: &'static Shape, value: bool) {
        self.scalar(|out| out.extend_from_slice(if value { b"true" } else { b"false" }));
    }

    fn integer(&mut self, _: &'static Shape, value: i64) {
        self.scalar(|out| out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()));
    }

    fn float(&mut self, _: &'static Shape, value: f64) {
        self.scalar(|out| text::push_float(out, value));
    }

    fn blob(&mut self, _: &'static Shape, value: &[u8]) {
        self.scalar(|out| out.extend_from_slice(text::base64(value).as_bytes()));
    }

    fn timestamp(&mut self, _: &'static Shape, value: Timestamp) {
        let format = self.format.unwrap_or(TimestampFormat::Iso8601);
        self.scalar(|out| out.extend_from_slice(text::format(value, format).as_bytes()));
    }

    fn document(&mut self, _: &'static Shape, value: &serde_json::Value) {
        self.scalar(|out| push_escaped(out, &value.to_string()));
    }

    fn null(&mut self) {
        self.scalar(|_| ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_lines_every_element_has_a_line_and_empty_ones_close_themselves() {
        let mut writer = XmlWriter::new(false).in_lines();
        writer.open_in("ErrorResponse", "https://iam.amazonaws.com/doc/2010-05-08/");
        writer.open_plain("Error");
        writer.pair("Type", "Sender");
        writer.pair("Message", "the role 'x'");
        writer.open_plain("Tags");
        writer.close("Tags");
        writer.close("Error");
        writer.pair("RequestId", "r");
        writer.close("ErrorResponse");
        let expected = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <Error>\n    \
                        <Type>Sender</Type>\n    <Message>the role 'x'</Message>\n    <Tags/>\n  </Error>\n  \
                        <RequestId>r</RequestId>\n</ErrorResponse>\n";
        assert_eq!(writer.finish(), expected);
    }
}
