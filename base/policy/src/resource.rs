//! The resource of a request: an ARN, or `*` for actions that have none.

/// A request's resource with its first colons found, so that matching never splits it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    text: &'a str,
    /// The places of the first five colons; only `colons` of them count.
    cuts: [u32; 5],
    colons: u8,
}

impl<'a> Resource<'a> {
    /// The resource `*`.
    pub const ANY: Resource<'static> = Resource {
        text: "*",
        cuts: [0; 5],
        colons: 0,
    };

    /// Prepares an ARN (or `*`, or any text: what is no ARN matches only patterns of the same shape).
    pub fn new(text: &'a str) -> Self {
        let mut resource = Self {
            text,
            cuts: [0; 5],
            colons: 0,
        };
        let colons = memchr::memchr_iter(b':', text.as_bytes());
        for (cut, at) in resource.cuts.iter_mut().zip(colons) {
            *cut = u32::try_from(at).unwrap_or(u32::MAX);
            resource.colons += 1;
        }
        resource
    }

    /// The text as given.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// How many segments there are: at most six, the sixth keeps its further colons.
    pub(crate) fn segments(&self) -> usize {
        usize::from(self.colons) + 1
    }

    /// The segment `at`, or nothing beyond the last.
    #[inline]
    pub(crate) fn segment(&self, at: usize) -> &'a [u8] {
        let end = if at < usize::from(self.colons) {
            self.cut(at)
        } else {
            self.text.len()
        };
        self.text.as_bytes().get(self.start(at)..end).unwrap_or_default()
    }

    /// Everything from segment `at` to the end.
    #[inline]
    pub(crate) fn rest(&self, at: usize) -> &'a [u8] {
        self.text.as_bytes().get(self.start(at)..).unwrap_or_default()
    }

    #[inline]
    fn start(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.cut(at - 1) + 1 }
    }

    #[inline]
    fn cut(&self, at: usize) -> usize {
        self.cuts.get(at).map_or(self.text.len(), |cut| *cut as usize)
    }
}
