"""A database storage that reads thousands of trials in seconds."""

import functools
import json
from collections import defaultdict
from collections.abc import Container, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

import sqlalchemy
from optuna.distributions import json_to_distribution
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.orm import Session

_MOST_INCLUDED: Final = 500  # databases limit the variables of a query

_Rows = dict[int, list[Sequence[Any]]]  # trial id → its rows of a table, that id first


class Database(RDBStorage):
    """Optuna's storage; what it reads and writes is the same.

    Optuna makes an object of every row and parses the distribution beside every parameter twice,
    which is most of the time that reading a study takes. Here rows stay tuples, one query per
    table, and a distribution is parsed once.
    """

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        """Trials in order of their ids.

        Args:
            study_id: Of which study.
            states: Only trials in these; None for all.
            included_trial_ids: Trials to read even if their ids are not greater.
            trial_id_greater_than: All trials with greater ids are read; -1 for all.
        """
        included = {
            trial_id for trial_id in included_trial_ids if trial_id <= trial_id_greater_than
        }
        if len(included) > _MOST_INCLUDED:
            return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)
        trial = models.TrialModel
        wanted = trial.trial_id > trial_id_greater_than
        if included:
            wanted = sqlalchemy.or_(wanted, trial.trial_id.in_(included))
        conditions = [trial.study_id == study_id, wanted]
        if states is not None:
            conditions.append(trial.state.in_([state for state in TrialState if state in states]))
        with _create_scoped_session(self.scoped_session) as session:
            models.StudyModel.find_or_raise_by_id(study_id, session)
            return _read(session, conditions)


def _read(session: Session, conditions: Sequence[Any]) -> list[FrozenTrial]:
    # Tables, not the classes of their rows: SQLAlchemy then hands on what the driver gives.
    trial = models.TrialModel.__table__.c
    columns = ("trial_id", "number", "state", "datetime_start", "datetime_complete")
    query = sqlalchemy.select(*(trial[name] for name in columns)).where(*conditions)
    connection = session.connection()
    trials = connection.execute(query.order_by(trial.trial_id)).all()
    if not trials:
        return []

    def rows(model: Any, *names: str) -> _Rows:
        table = model.__table__.c
        query = (
            sqlalchemy.select(*(table[name] for name in ("trial_id", *names)))
            .join(models.TrialModel.__table__, trial.trial_id == table.trial_id)
            .where(*conditions)
        )
        by_trial: _Rows = defaultdict(list)
        for row in connection.execute(query):
            by_trial[row[0]].append(row)
        return by_trial

    number, step = models.TrialValueModel, models.TrialIntermediateValueModel
    values = rows(number, "objective", "value", "value_type")
    steps = rows(step, "step", "intermediate_value", "intermediate_value_type")
    params = rows(
        models.TrialParamModel, "param_id", "param_name", "param_value", "distribution_json"
    )
    users = rows(models.TrialUserAttributeModel, "key", "value_json")
    systems = rows(models.TrialSystemAttributeModel, "key", "value_json")
    parsed = functools.cache(json_to_distribution)
    frozen = []
    for trial_id, place, state, begun, ended in trials:
        chosen = sorted(params[trial_id], key=itemgetter(1))  # as they were written
        spaces = {name: parsed(text) for _, _, name, _, text in chosen}
        frozen.append(
            FrozenTrial(
                number=place,
                state=state,
                value=None,
                values=_values(values[trial_id]),
                datetime_start=_local(begun),
                datetime_complete=_local(ended),
                params={
                    name: spaces[name].to_external_repr(code) for _, _, name, code, _ in chosen
                },
                distributions=spaces,
                user_attrs={key: json.loads(text) for _, key, text in users[trial_id]},
                system_attrs={key: json.loads(text) for _, key, text in systems[trial_id]},
                intermediate_values={
                    at: step.stored_repr_to_intermediate_value(value, kind)
                    for _, at, value, kind in steps[trial_id]
                },
                trial_id=trial_id,
            )
        )
    return frozen


def _values(rows: Sequence[Sequence[Any]]) -> list[float] | None:
    if not rows:
        return None
    values = [0.0] * len(rows)
    for _, objective, value, kind in rows:
        values[objective] = models.TrialValueModel.stored_repr_to_value(value, kind)
    return values


def _local(utc: datetime | None) -> datetime | None:
    """Databases keep UTC; Optuna gives local time without a zone."""
    return None if utc is None else utc.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
