//! XML as trees, for comparison only.

/// An element: name, attributes, children, text without surrounding blanks.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Tree>,
    pub text: String,
}

/// Parses a document; panics on anything unexpected.
pub fn parse(text: &str) -> Tree {
    let mut stack: Vec<Tree> = vec![Tree {
        name: String::new(),
        attributes: Vec::new(),
        children: Vec::new(),
        text: String::new(),
    }];
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        stack.last_mut().unwrap().text.push_str(&unescape(&rest[..at]));
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->").unwrap().1;
        } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let (inner, after) = after.split_once("]]>").unwrap();
            stack.last_mut().unwrap().text.push_str(inner);
            rest = after;
        } else if rest.starts_with("<?") {
            rest = rest.split_once("?>").unwrap().1;
        } else if rest.starts_with("</") {
            rest = rest.split_once('>').unwrap().1;
            let mut done = stack.pop().unwrap();
            if !done.children.is_empty() {
                done.text.clear();
            }
            done.sort();
            stack.last_mut().unwrap().children.push(done);
        } else {
            let (tag, after) = rest[1..].split_once('>').unwrap();
            rest = after;
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let mut parts = tag.splitn(2, char::is_whitespace);
            let name = parts.next().unwrap().to_owned();
            let mut attributes = Vec::new();
            let mut left = parts.next().unwrap_or_default().trim();
            while let Some((key, after)) = left.split_once("=\"") {
                let (value, after) = after.split_once('"').unwrap();
                attributes.push((key.trim().to_owned(), unescape(value)));
                left = after;
            }
            attributes.sort();
            let tree = Tree {
                name,
                attributes,
                children: Vec::new(),
                text: String::new(),
            };
            if empty {
                stack.last_mut().unwrap().children.push(tree);
            } else {
                stack.push(tree);
            }
        }
    }
    stack.pop().unwrap().children.remove(0)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#xD;", "\r")
        .replace("&#xA;", "\n")
        .replace("&#x85;", "\u{85}")
        .replace("&#x2028;", "\u{2028}")
        .replace("&amp;", "&")
}

impl Tree {
    /// Members stand in any order, and so do the entries of a map; elements of a list keep theirs.
    fn sort(&mut self) {
        self.children.sort_by_key(|child| {
            let key = match &*child.children {
                [key, _] => key.text.clone(),
                _ => String::new(),
            };
            (child.name.clone(), key)
        });
    }

    /// Drops the envelope's own parts and the root's namespace, which the suite does not care for.
    pub fn bare(mut self) -> Self {
        self.inherit("");
        self.attributes.retain(|(name, _)| name != "xmlns");
        self.drop(&["ResponseMetadata", "RequestId", "requestId", "RequestID"]);
        self
    }

    /// Drops a default namespace that the parent has too, and writes instants in one way.
    fn inherit(&mut self, outer: &str) {
        let own = self
            .attributes
            .iter()
            .find(|(name, _)| name == "xmlns")
            .map(|(_, uri)| uri.clone());
        if own.as_deref() == Some(outer) {
            self.attributes.retain(|(name, _)| name != "xmlns");
        }
        let here = own.as_deref().unwrap_or(outer);
        for child in &mut self.children {
            child.inherit(here);
        }
        if self.text.contains('T')
            && let Some(instant) = roadstead_core::Timestamp::parse_iso8601(&self.text)
        {
            self.text = instant.iso8601();
        }
    }

    pub fn drop(&mut self, names: &[&str]) {
        self.children.retain(|child| !names.contains(&child.name.as_str()));
        for child in &mut self.children {
            child.drop(names);
        }
    }
}
