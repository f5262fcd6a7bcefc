//! Who asks, what they see, and what is found there: one table that is replaced as a whole, read without a lock.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{Name, RData, Record as Answer, RecordType};

use crate::private;
use crate::record::{Record, ZoneError, name, rdata};

/// The most addresses or services in one answer.
const MOST: usize = 8;

/// A VPC as its resolver needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// The first address and the prefix length of its block; the third address is the resolver's.
    pub block: (Ipv4Addr, u8),
    /// The domain of its interfaces' names: `ec2.internal`, or `<region>.compute.internal`.
    pub domain: String,
    /// Whether the resolver answers at all: the VPC's attribute `enableDnsSupport`.
    pub answers: bool,
}

/// Private zones by VPC, and the clients of each VPC.
#[derive(Debug, Default)]
pub struct Zones {
    table: ArcSwap<Table>,
    writing: Mutex<()>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    views: HashMap<String, Arc<View>>,
    clients: HashMap<Ipv4Addr, String>,
}

/// What the clients of one VPC see.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    vpc: Option<(Vpc, Name)>,
    zones: HashMap<Name, Arc<Zone>>,
}

#[derive(Debug)]
struct Zone {
    soa: Answer,
    /// Every name with records, and those between them and the zone's own.
    names: HashMap<Name, Vec<Set>>,
}

/// Whether what a record names is well, how long it may be kept, and what it says.
type Given = (bool, u32, RData);

/// The records of one name and type.
#[derive(Debug)]
struct Set {
    kind: RecordType,
    /// Those to give, and how many questions were answered with them: each answer begins with another.
    records: Vec<(u32, RData)>,
    turn: AtomicUsize,
}

/// What there is to say to a question.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// These.
    Records(Vec<Answer>),
    /// The name stands for another.
    Alias(Answer, Name),
    /// The name is there, without records of that type.
    Nothing(Answer),
    /// There is no such name.
    NoName(Answer),
    /// It is in no zone of ours.
    Elsewhere,
}

/// Who asks.
#[derive(Debug)]
pub(crate) enum Client {
    /// An interface of the VPC.
    Member(Arc<View>),
    /// The host, or somebody else who is let through to the address of just one VPC.
    Guest(Arc<View>),
    /// Somebody whose VPC has no resolver.
    Unheard,
    /// Nobody known.
    Unknown,
}

impl Zones {
    /// No zones.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a private zone of a VPC in the place of the one of that name, from the next question on.
    pub fn set(&self, vpc: &str, zone: &str, records: Vec<Record>) -> Result<(), ZoneError> {
        let origin = name(zone)?;
        let zone = Arc::new(Zone::new(&origin, zone, records)?);
        self.change_view(vpc, |view| {
            view.zones.insert(origin, zone);
        });
        Ok(())
    }

    /// Takes a private zone from a VPC; one that is not there is no error.
    pub fn remove(&self, vpc: &str, zone: &str) {
        if let Ok(origin) = name(zone) {
            self.change_view(vpc, |view| {
                view.zones.remove(&origin);
            });
        }
    }

    /// Says what a VPC is; from then on the names of its interfaces are known.
    pub fn set_vpc(&self, vpc: Vpc) -> Result<(), ZoneError> {
        let domain = name(&vpc.domain)?;
        self.change_view(&vpc.id.clone(), |view| view.vpc = Some((vpc, domain)));
        Ok(())
    }

    /// Forgets a VPC with its zones.
    pub fn remove_vpc(&self, id: &str) {
        self.change(|table| {
            table.views.remove(id);
        });
    }

    /// Says that an address is one of a VPC's interfaces: it sees that VPC's zones, and other names are asked for it.
    pub fn add_client(&self, address: Ipv4Addr, vpc: &str) {
        self.change(|table| {
            table.clients.insert(address, vpc.to_owned());
        });
    }

    /// Says that an address belongs to no interface any more.
    pub fn remove_client(&self, address: Ipv4Addr) {
        self.change(|table| {
            table.clients.remove(&address);
        });
    }

    fn change_view(&self, vpc: &str, change: impl FnOnce(&mut View)) {
        self.change(|table| {
            let mut view = table.views.get(vpc).map(|view| View::clone(view)).unwrap_or_default();
            change(&mut view);
            table.views.insert(vpc.to_owned(), Arc::new(view));
        });
    }

    fn change(&self, change: impl FnOnce(&mut Table)) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut table = Table::clone(&self.table.load());
        change(&mut table);
        self.table.store(Arc::new(table));
    }

    /// Who asks from an address at another.
    pub(crate) fn client(&self, from: Ipv4Addr, at: Ipv4Addr) -> Client {
        let table = self.table.load();
        let view = |vpc: &String| table.views.get(vpc).cloned().unwrap_or_default();
        if let Some(vpc) = table.clients.get(&from) {
            let view = view(vpc);
            return if view.is_silent() {
                Client::Unheard
            } else {
                Client::Member(view)
            };
        }
        let mut here = table.views.values().filter(|view| view.resolver() == Some(at));
        match (here.next(), here.next()) {
            (Some(view), None) if !view.is_silent() => Client::Guest(Arc::clone(view)),
            _ => Client::Unknown,
        }
    }
}

impl View {
    fn is_silent(&self) -> bool {
        self.vpc.as_ref().is_some_and(|(vpc, _)| !vpc.answers)
    }

    fn resolver(&self) -> Option<Ipv4Addr> {
        let (vpc, _) = self.vpc.as_ref()?;
        u32::from(vpc.block.0).checked_add(2).map(Ipv4Addr::from)
    }

    /// What there is to say about a name: the smallest zone it is in decides.
    pub(crate) fn find(&self, asked: &Name, kind: RecordType) -> Found {
        let mut origin = asked.clone();
        loop {
            if let Some(zone) = self.zones.get(&origin) {
                return zone.find(&origin, asked, kind);
            }
            if origin.is_root() {
                break;
            }
            origin = origin.base_name();
        }
        match &self.vpc {
            Some((vpc, domain)) => private::find(vpc, domain, asked, kind),
            None => Found::Elsewhere,
        }
    }
}

impl Zone {
    fn new(origin: &Name, text: &str, records: Vec<Record>) -> Result<Self, ZoneError> {
        let mut soa = default_soa(origin);
        let mut grouped: HashMap<Name, HashMap<RecordType, Vec<Given>>> = HashMap::new();
        let mut between: BTreeSet<Name> = BTreeSet::from([origin.clone()]);
        for record in records {
            let owner = name(&record.name)?;
            if !origin.zone_of(&owner) {
                return Err(ZoneError::OutsideZone(record.name, text.to_owned()));
            }
            let data = rdata(&record)?;
            if let (RData::SOA(start), true) = (&data, owner == *origin) {
                soa = negative(
                    Answer::from_rdata(owner.clone(), record.ttl, data.clone()),
                    start.minimum,
                );
            }
            let mut parent = owner.clone();
            while parent != *origin {
                parent = parent.base_name();
                between.insert(parent.clone());
            }
            let sets = grouped.entry(owner).or_default();
            let set = sets.entry(data.record_type()).or_default();
            set.push((record.healthy, record.ttl, data));
        }
        let mut names: HashMap<Name, Vec<Set>> = between.into_iter().map(|name| (name, Vec::new())).collect();
        for (owner, sets) in grouped {
            names.insert(
                owner,
                sets.into_iter()
                    .map(|(kind, records)| Set::new(kind, records))
                    .collect(),
            );
        }
        Ok(Self { soa, names })
    }

    fn find(&self, origin: &Name, asked: &Name, kind: RecordType) -> Found {
        let Some(sets) = self.names.get(asked).or_else(|| self.wildcard(origin, asked)) else {
            return Found::NoName(self.soa.clone());
        };
        if let Some(alias) = sets.iter().find(|set| set.kind == RecordType::CNAME)
            && !matches!(kind, RecordType::CNAME | RecordType::ANY)
            && let Some(record) = alias.give(asked).into_iter().next()
            && let RData::CNAME(target) = &record.data
        {
            let target = target.0.clone();
            return Found::Alias(record, target);
        }
        let of_kind = |set: &&Set| kind == RecordType::ANY || set.kind == kind;
        let found: Vec<Answer> = sets.iter().filter(of_kind).flat_map(|set| set.give(asked)).collect();
        match (found.is_empty(), kind) {
            (false, _) => Found::Records(found),
            (true, RecordType::SOA) if asked == origin => Found::Records(vec![self.soa.clone()]),
            _ => Found::Nothing(self.soa.clone()),
        }
    }

    /// The records that stand for names that are not there, below the nearest name that is.
    fn wildcard(&self, origin: &Name, asked: &Name) -> Option<&Vec<Set>> {
        let mut parent = asked.clone();
        while parent != *origin {
            parent = parent.base_name();
            if self.names.contains_key(&parent) {
                return self.names.get(&parent.prepend_label("*").ok()?);
            }
        }
        None
    }
}

impl Set {
    fn new(kind: RecordType, records: Vec<Given>) -> Self {
        // AWS: when none is well, all are given.
        let any = records.iter().any(|(healthy, ..)| *healthy);
        let given = records.into_iter().filter(|(healthy, ..)| *healthy || !any);
        Self {
            kind,
            records: given.map(|(_, ttl, data)| (ttl, data)).collect(),
            turn: AtomicUsize::new(0),
        }
    }

    fn give(&self, asked: &Name) -> Vec<Answer> {
        let most = match self.kind {
            RecordType::A | RecordType::AAAA | RecordType::SRV => MOST,
            _ => usize::MAX,
        };
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.records.len().max(1);
        let turned = self
            .records
            .iter()
            .cycle()
            .skip(first)
            .take(self.records.len().min(most));
        turned
            .map(|(ttl, data)| Answer::from_rdata(asked.clone(), *ttl, data.clone()))
            .collect()
    }
}

/// The start of a zone that was given none. From memory: Route 53's.
pub(crate) fn default_soa(origin: &Name) -> Answer {
    let names = (
        Name::from_ascii("ns-1536.awsdns-00.co.uk."),
        Name::from_ascii("awsdns-hostmaster.amazon.com."),
    );
    let (server, mailbox) = (names.0.unwrap_or_default(), names.1.unwrap_or_default());
    let start = SOA::new(server, mailbox, 1, 7200, 900, 1_209_600, 86_400);
    Answer::from_rdata(origin.clone(), 900, RData::SOA(start))
}

/// How long it may be remembered that there is no such name: the smaller of the two times.
fn negative(mut soa: Answer, minimum: u32) -> Answer {
    soa.ttl = soa.ttl.min(minimum);
    soa
}
