//! Passwords, and the keys under which a person's data in events is sealed.

use super::{
    fixtures::{NOW, person},
    support::on_both,
};
use crate::{
    domain::ids::UserId,
    store::{credential, user},
};

fn alice() -> UserId {
    UserId::new("alice")
}

on_both! {
    async fn passwords_set_at_once_leave_one(db) {
        db.seeded().await;
        let answers = db
            .race(100, |tx, number| {
                let phc = format!("hash-{number}");
                credential::set_password(tx, &format!("c{number}"), &alice(), &phc, NOW)?;
                Ok(credential::find_password(tx, &alice())? == Some(phc))
            })
            .await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(true))), "{answers:?}");
        assert_eq!(db.count("credentials WHERE user_id = 'alice'"), 1);
    }

    async fn a_second_password_row_does_not_fit(db) {
        db.seeded().await;
        let row = |id: &str| {
            format!(
                "INSERT INTO credentials (id, user_id, kind, secret, label, created_at) \
                 VALUES ('{id}', 'alice', 'password', 'x', '', 1)"
            )
        };
        db.sql(&row("one"));
        let (second, mut conn) = (row("two"), db.connect());
        assert!(super::super::support::execute(&mut conn, &second).is_err());
    }

    async fn nobody_has_no_password_and_cannot_be_given_one(db) {
        assert_eq!(db.read(|tx| credential::find_password(tx, &alice())).await.unwrap(), None);
        let answer = db.write(|tx| Ok(credential::set_password(tx, "c", &alice(), "x", NOW)?)).await;
        assert!(answer.unwrap_err().is_broken());
    }

    async fn a_stronger_hash_does_not_overwrite_a_password_changed_meanwhile(db) {
        db.seeded().await;
        db.write(|tx| {
            credential::set_password(tx, "c", &alice(), "old", NOW)?;
            credential::rehash_password(tx, &alice(), "old", "old-stronger")?;
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(
            db.read(|tx| credential::find_password(tx, &alice())).await.unwrap().as_deref(),
            Some("old-stronger")
        );
        db.write(|tx| {
            credential::set_password(tx, "c2", &alice(), "new", NOW)?;
            credential::rehash_password(tx, &alice(), "old-stronger", "old-strongest")?;
            credential::touch_password(tx, &alice(), NOW.plus_seconds(1))?;
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(db.read(|tx| credential::find_password(tx, &alice())).await.unwrap().as_deref(), Some("new"));
        assert_eq!(db.count("credentials WHERE last_used_at = 1800000001000"), 1);
    }

    async fn a_destroyed_key_is_gone_and_outlives_its_person(db) {
        db.seeded().await;
        db.write(|tx| Ok(credential::insert_subject_key(tx, &alice(), b"sealed", NOW)?)).await.unwrap();
        assert_eq!(
            db.read(|tx| credential::find_subject_key(tx, &alice())).await.unwrap().as_deref(),
            Some(&b"sealed"[..])
        );
        let twice = db.write(|tx| Ok(credential::insert_subject_key(tx, &alice(), b"other", NOW)?)).await;
        assert!(twice.unwrap_err().is_conflict());
        db.write(|tx| {
            credential::destroy_subject_key(tx, &alice(), NOW)?;
            user::delete(tx, &alice())?;
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(db.read(|tx| credential::find_subject_key(tx, &alice())).await.unwrap(), None);
        assert_eq!(db.count("subject_keys WHERE sealed_key IS NULL AND destroyed_at IS NOT NULL"), 1);
        // The tombstone keeps an id from being used by somebody else unnoticed.
        let reused = db
            .write(|tx| {
                user::insert(tx, &person("alice"))?;
                Ok(credential::insert_subject_key(tx, &alice(), b"new", NOW)?)
            })
            .await;
        assert!(reused.unwrap_err().is_conflict());
    }
}
