//! Making, using and deleting a linked role at the same time.

use std::sync::Arc;

use roadstead_core::{AccountId, Ids, Region};
use roadstead_kernel::linked::{Fence, LinkedRoleUsage, RoleUsage};
use roadstead_kernel::{BoxFuture, Result};
use roadstead_store::{KeyParts, Memory, Op, Range, Scope, Store, Txn, record_key, record_prefix};

use crate::world::{ACCOUNT, World, allow, arn};

const ECS: &str = "ecs.amazonaws.com";
const TASKS: u64 = 16;
const STEPS: u64 = 60;

/// Clusters as ECS keeps them, as far as this matters: keys in the store.
struct Clusters(Arc<dyn Store>);

fn scope() -> Scope<'static> {
    Scope::new(ACCOUNT, "us-east-1")
}

impl LinkedRoleUsage for Clusters {
    fn service(&self) -> &'static str {
        ECS
    }

    fn usage(&self, _: AccountId) -> BoxFuture<'_, Result<Vec<RoleUsage>>> {
        Box::pin(async {
            let (found, _) = self
                .0
                .range(Range::prefix(record_prefix(scope(), "test/cluster", &[])))
                .await?;
            let resources: Vec<String> = found.iter().map(|entry| format!("{:?}", entry.key)).collect();
            // Time for others to do something between the look and the conclusion.
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
            let usage = RoleUsage {
                region: Region::US_EAST_1,
                resources,
            };
            Ok(if usage.resources.is_empty() {
                Vec::new()
            } else {
                vec![usage]
            })
        })
    }
}

/// What ECS does: make sure of the role, then write the cluster behind the fence, again if the role was deleted.
async fn create_cluster(world: &World, name: &str) {
    let fence = Fence::new(AccountId::parse(ACCOUNT).unwrap(), ECS);
    loop {
        let mark = fence.before_use(&*world.store).await.unwrap();
        let made = world
            .iam(&world.root, "CreateServiceLinkedRole", &[("AWSServiceName", ECS)])
            .await;
        assert!(
            made.status == 200 || made.text("Message").contains("has been taken"),
            "{}",
            made.body
        );
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let mut txn = Txn::new().put(record_key(scope(), "test/cluster", &[name]), &b"\x01"[..]);
        fence.stage_use(&mut txn, mark);
        match world.store.commit(txn).await {
            Ok(_) => return,
            Err(error) => assert!(error.is_conflict(), "{error}"),
        }
    }
}

async fn delete_cluster(world: &World, name: &str) {
    let mut txn = Txn::new();
    txn.push(Op::Delete {
        key: record_key(scope(), "test/cluster", &[name]),
    });
    world.store.commit(txn).await.unwrap();
}

/// One look at everything, as of one revision: a cluster is never without the role.
async fn check(world: &World) {
    let (entries, _) = world.store.range(Range::all()).await.unwrap();
    let tables: Vec<String> = entries
        .iter()
        .filter_map(|entry| KeyParts::parse(&entry.key))
        .map(|key| key.table)
        .collect();
    let has = |table: &str| tables.iter().any(|known| known == table);
    assert!(!has("test/cluster") || has("iam/role"), "a cluster without the role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_is_never_left_without_its_role() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let world = Arc::new(World::with(Arc::clone(&store), vec![Arc::new(Clusters(store))]));
    let mut running = Vec::new();
    for task in 0..TASKS {
        let world = Arc::clone(&world);
        running.push(tokio::spawn(async move {
            let ids = Ids::seeded(task);
            for _ in 0..STEPS {
                let name = format!("c{}", task % 4);
                match ids.bytes::<1>()[0] % 8 {
                    0 | 1 => create_cluster(&world, &name).await,
                    2..=4 => delete_cluster(&world, &name).await,
                    5 | 6 => {
                        let input = [("RoleName", "AWSServiceRoleForECS")];
                        let answer = world.iam(&world.root, "DeleteServiceLinkedRole", &input).await;
                        assert!(matches!(answer.status, 200 | 404), "{}", answer.body);
                    }
                    _ => {
                        let input = [("AWSServiceName", ECS)];
                        let answer = world.iam(&world.root, "CreateServiceLinkedRole", &input).await;
                        assert!(matches!(answer.status, 200 | 400), "{}", answer.body);
                    }
                }
                check(&world).await;
            }
        }));
    }
    for task in running {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_taken_away_is_never_allowed_again() {
    let world = Arc::new(World::new());
    let user = world.user("u", None).await;
    world
        .ok(
            "CreatePolicy",
            &[("PolicyName", "p"), ("PolicyDocument", &allow("iam:ListRoles", "*"))],
        )
        .await;
    let policy = arn("policy/p");
    for _ in 0..40 {
        world
            .ok("AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", &policy)])
            .await;
        // Calls that run while the policy is detached may still see it; those that begin after may not.
        let mut running = Vec::new();
        for _ in 0..8 {
            let (world, user) = (Arc::clone(&world), user.clone());
            running.push(tokio::spawn(
                async move { world.iam(&user, "ListRoles", &[]).await.status },
            ));
        }
        world
            .ok("DetachUserPolicy", &[("UserName", "u"), ("PolicyArn", &policy)])
            .await;
        assert_eq!(world.iam(&user, "ListRoles", &[]).await.status, 403);
        for task in running {
            assert!(matches!(task.await.unwrap(), 200 | 403));
        }
        assert_eq!(world.iam(&user, "ListRoles", &[]).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_make_the_same_role_one_succeeds() {
    let world = Arc::new(World::new());
    let mut running = Vec::new();
    for _ in 0..16 {
        let world = Arc::clone(&world);
        running.push(tokio::spawn(async move {
            world
                .iam(&world.root, "CreateServiceLinkedRole", &[("AWSServiceName", ECS)])
                .await
        }));
    }
    let mut made = 0;
    for task in running {
        let answer = task.await.unwrap();
        if answer.status == 200 {
            made += 1;
        } else {
            assert!(answer.text("Message").contains("has been taken"), "{}", answer.body);
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_server_that_follows_sees_what_another_one_writes() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let (here, there) = (World::over(Arc::clone(&store)), World::over(Arc::clone(&store)));
    let following = tokio::spawn(Arc::clone(&there.iam).follow());
    let user = here.user("u", Some(&allow("iam:ListRoles", "*"))).await;
    there.iam(&user, "ListRoles", &[]).await.is_ok();
    here.ok("DeleteUserPolicy", &[("UserName", "u"), ("PolicyName", "own")])
        .await;
    // The other server is told by its watch, which needs a turn.
    while there.iam(&user, "ListRoles", &[]).await.status != 403 {
        tokio::task::yield_now().await;
    }
    here.ok("DeleteAccessKey", &[("UserName", "u"), ("AccessKeyId", &user.id)])
        .await;
    while there.sts(&user, "GetCallerIdentity", &[]).await.status != 403 {
        tokio::task::yield_now().await;
    }
    store.close().await.unwrap();
    following.await.unwrap().unwrap();
}
