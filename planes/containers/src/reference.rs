//! Image references: taken apart where an engine wants the parts.

/// The parts of an image reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// Registry and repository as written.
    pub repository: &'a str,
    /// Tag or digest; `latest` where none is written.
    pub version: &'a str,
    /// Whether `version` is a digest.
    pub by_digest: bool,
}

impl<'a> Reference<'a> {
    /// Takes `text` apart, or says what is wrong in the words the Docker Engine has for it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let invalid = || "invalid reference format".to_owned();
        if text.is_empty()
            || !text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b))
        {
            return Err(invalid());
        }
        if let Some((name, digest)) = text.split_once('@') {
            let good = digest
                .strip_prefix("sha256:")
                .is_some_and(|h| h.len() == 64 && h.bytes().all(|b| b.is_ascii_hexdigit()));
            if !good {
                return Err(invalid());
            }
            // A tag next to a digest says nothing: the digest decides.
            let (repository, _) = split_tag(name);
            return Self {
                repository,
                version: digest,
                by_digest: true,
            }
            .checked();
        }
        let (repository, tag) = split_tag(text);
        Self {
            repository,
            version: tag.unwrap_or("latest"),
            by_digest: false,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, String> {
        if self.repository.is_empty() || self.version.is_empty() || self.repository.split('/').any(str::is_empty) {
            return Err("invalid reference format".to_owned());
        }
        let (_, path) = self.split_registry();
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err("invalid reference format: repository name must be lowercase".to_owned());
        }
        Ok(self)
    }

    /// The whole of it, with the tag or digest always there.
    pub(crate) fn full(&self) -> String {
        format!(
            "{}{}{}",
            self.repository,
            if self.by_digest { '@' } else { ':' },
            self.version
        )
    }

    /// The registry's address as credentials are filed under it.
    pub(crate) fn registry(&self) -> &'a str {
        self.split_registry().0.unwrap_or("https://index.docker.io/v1/")
    }

    fn split_registry(&self) -> (Option<&'a str>, &'a str) {
        match self.repository.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
            _ => (None, self.repository),
        }
    }
}

fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_without_a_tag_means_latest() {
        let cases = [
            ("busybox", "busybox:latest", "https://index.docker.io/v1/"),
            (
                "library/busybox:1.36",
                "library/busybox:1.36",
                "https://index.docker.io/v1/",
            ),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000"),
            ("public.ecr.aws/x/y:z", "public.ecr.aws/x/y:z", "public.ecr.aws"),
        ];
        for (text, full, registry) in cases {
            let seen = Reference::parse(text).unwrap();
            assert_eq!((seen.full().as_str(), seen.registry()), (full, registry), "{text}");
        }
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let text = format!("r.example/a:1@{digest}");
        let seen = Reference::parse(&text).unwrap();
        assert_eq!(seen.full(), format!("r.example/a@{digest}"));
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in ["", "a b", "a//b", "/a", "a:", "Busybox", "a@sha256:12", "a?tag=b"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}
