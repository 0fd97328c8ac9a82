"""Nothing here knows of tokens: `request.user` is all that a view needs.

Listing and creating cost one statement each. The user's row is not read, for its key stands in the
token; it is read when a view touches another field of `request.user`.
"""

from django.db.models import QuerySet
from rest_framework import generics
from rest_framework.serializers import BaseSerializer

from .models import Note
from .serializers import NoteSerializer


class OwnNotes(generics.GenericAPIView):
    serializer_class = NoteSerializer

    def get_queryset(self) -> QuerySet[Note]:
        # Another user's note is not forbidden but not there: 404 tells nobody that it exists.
        return Note.objects.filter(owner_id=self.request.user.pk)


class NoteList(OwnNotes, generics.ListCreateAPIView):
    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(owner=self.request.user)


class NoteDetail(OwnNotes, generics.RetrieveDestroyAPIView):
    pass
