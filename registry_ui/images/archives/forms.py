"""Forms of an import: in chunks from the script, or one form from a browser without it."""

import io
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe

from ..models import ArchiveUpload
from .archive_uploads import check_size, incoming_folder, parse_sha256

FIELD = "archive"


class ImportForm(forms.Form):
    """The form of an import without a script.

    The upload handler below stores the file before the form is validated.
    """

    archive = forms.FileField(
        label=_("Archive"),
        help_text=_(
            "What docker save, podman save, skopeo or an export here wrote: a tar, plain or "
            "compressed with gzip."
        ),
    )
    sha256 = forms.CharField(
        label=_("SHA-256"),
        required=False,
        max_length=400,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("What the .sha256 file beside it says. Another file than that is refused."),
    )

    def clean_sha256(self) -> str:
        try:
            return parse_sha256(self.cleaned_data["sha256"])
        except OciError as exc:
            raise ValidationError(str(describe(exc)), code="sha256") from exc


class BeginForm(forms.Form):
    """The file's details, which the script sends before the first chunk."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=0, max_value=2**62)
    modified = forms.IntegerField(min_value=0, max_value=2**62, required=False)
    sha256 = forms.CharField(required=False, max_length=400)


class ArchiveUploadHandler(FileUploadHandler):
    """A handler that writes the form's file straight to the folder of uploads.

    A file that is too large, or a full disk, ends the request with the errors of `begin_upload`.

    Attributes:
        upload: the row, which is saved once the file is complete.
    """

    chunk_size = 1024 * 1024

    def __init__(self, request: Any, team: Team, user: User) -> None:
        super().__init__(request)
        self.upload = ArchiveUpload(team=team, created_by=user)
        self.is_kept = False
        self._folder = incoming_folder()
        self._has_begun = False

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)

        # SkipFile reads and drops any other file of the form.
        if field_name != FIELD or self._has_begun:
            raise SkipFile
        self._has_begun = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        end = start + len(raw_data)

        # The size of a form's file is not announced, so the limit is checked for each chunk.
        check_size(end)
        self._folder.append(self.upload.pk, start, end, io.BytesIO(raw_data).read)

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        self.upload.name, self.upload.size = str(self.file_name)[:255], file_size

        # The bytes are on the disk already; Django only needs the name and size.
        return UploadedFile(io.BytesIO(), self.upload.name, size=file_size)

    def clean_up(self) -> None:
        """Remove the file of a form that was not accepted."""
        if self._has_begun and not self.is_kept:
            self._folder.remove(self.upload.pk)
