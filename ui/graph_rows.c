/* SPDX-License-Identifier: MIT */
#include "ui/graph_rows.h"

#include "ui/screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A service: of the units, or one that is needed and is not there. */
struct node {
	const char *service;
	const struct unit_model *unit; /* in the worst state */
	size_t order; /* of appearance: units in the order of the file, then what only is needed */
	size_t first_edge, edge_count;
	size_t pointed_at; /* by how many edges */
	bool visited;
};

struct edge {
	size_t from, to; /* nodes */
	const struct unit_need *need;
};

struct graph {
	struct node *nodes; /* by name */
	size_t *in_order; /* of appearance */
	size_t node_count;
	struct edge *edges; /* by `from`, then in the order of the file */
	size_t edge_count;
	struct step {
		size_t node, edge; /* the next one to go along */
	} * path; /* from the outermost to where we are */
	bool turned;
};

static int by_name(const void *a, const void *b)
{
	const struct node *left = a, *right = b;
	int order = strcmp(left->service, right->service);

	return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

static int name_only(const void *key, const void *node)
{
	return strcmp(key, ((const struct node *)node)->service);
}

static size_t node_index(const struct graph *self, const char *service)
{
	const struct node *node = bsearch(service, self->nodes, self->node_count, sizeof(*node), name_only);

	/* All names that occur are nodes. */
	return (size_t)(node - self->nodes);
}

static size_t count_needs(const struct stack_model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model->unit_count; i++)
		count += model->units[i].need_count;
	return count < GRAPH_NEEDS_MAX ? count : GRAPH_NEEDS_MAX;
}

/* Several of one service become one. */
static void merge_nodes(struct graph *self, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct node *node = &self->nodes[i], *last = &self->nodes[self->node_count - (self->node_count > 0)];
		if (self->node_count == 0 || strcmp(last->service, node->service) != 0) {
			self->nodes[self->node_count++] = *node;
			continue;
		}
		if (node->unit != NULL &&
		    (last->unit == NULL || unit_state_rank(node->unit->state) < unit_state_rank(last->unit->state)))
			last->unit = node->unit;
	}
}

static int order_of_appearance(const void *a, const void *b, void *nodes)
{
	size_t left = ((const struct node *)nodes)[*(const size_t *)a].order;
	size_t right = ((const struct node *)nodes)[*(const size_t *)b].order;

	return (left > right) - (left < right);
}

static int make_nodes(struct graph *self, const struct stack_model *model, size_t needs)
{
	size_t count = 0;

	self->nodes = calloc(model->unit_count + needs + 1, sizeof(*self->nodes));
	if (self->nodes == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < model->unit_count; i++, count++)
		self->nodes[count] =
			(struct node){.service = model->units[i].service, .unit = &model->units[i], .order = count};
	for (size_t i = 0; i < model->unit_count; i++)
		for (size_t k = 0; k < model->units[i].need_count && count < model->unit_count + needs; k++, count++)
			self->nodes[count] = (struct node){.service = model->units[i].needs[k].service, .order = count};
	qsort(self->nodes, count, sizeof(*self->nodes), by_name);
	merge_nodes(self, count);
	self->in_order = calloc(self->node_count + 1, sizeof(*self->in_order));
	self->path = calloc(self->node_count + 1, sizeof(*self->path));
	if (self->in_order == NULL || self->path == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < self->node_count; i++)
		self->in_order[i] = i;
	qsort_r(self->in_order, self->node_count, sizeof(*self->in_order), order_of_appearance, self->nodes);
	return 0;
}

/* Replicas need the same: the first one speaks for all. */
static bool speaks(const struct graph *self, const struct stack_model *model, size_t unit)
{
	return self->nodes[node_index(self, model->units[unit].service)].order == unit;
}

/* Goes over all needs; with `edges` NULL they are only counted at their nodes. */
static void walk_needs(struct graph *self, const struct stack_model *model, size_t needs, struct edge *edges)
{
	size_t seen = 0;

	for (size_t i = 0; i < model->unit_count; i++) {
		const struct unit_model *unit = &model->units[i];
		bool counts = speaks(self, model, i);
		for (size_t k = 0; k < unit->need_count && seen < needs; k++, seen++) {
			size_t own = node_index(self, unit->service), other = node_index(self, unit->needs[k].service);
			struct edge edge = {self->turned ? other : own, self->turned ? own : other, &unit->needs[k]};
			struct node *from = &self->nodes[edge.from];
			if (!counts)
				continue;
			if (edges == NULL)
				self->nodes[edge.to].pointed_at++;
			else
				edges[from->first_edge + from->edge_count] = edge;
			from->edge_count++;
		}
	}
}

static int make_edges(struct graph *self, const struct stack_model *model, size_t needs)
{
	self->edges = calloc(needs + 1, sizeof(*self->edges));
	if (self->edges == NULL)
		return -ENOMEM;
	walk_needs(self, model, needs, NULL);
	for (size_t i = 0; i < self->node_count; i++) {
		self->nodes[i].first_edge = self->edge_count;
		self->edge_count += self->nodes[i].edge_count;
		self->nodes[i].edge_count = 0;
	}
	walk_needs(self, model, needs, self->edges);
	return 0;
}

static void add_row(struct graph_rows *rows, const struct node *node, unsigned depth, const struct unit_need *need)
{
	if (rows->count >= GRAPH_ROWS_MAX)
		return;
	rows->rows[rows->count++] = (struct graph_row){
		.service = node->service,
		.unit = node->unit,
		.depth = depth,
		.condition = need != NULL ? need->condition : NULL,
		.met = need != NULL && need->met,
		.above = node->visited && node->edge_count > 0,
	};
}

/* All that lies below one: no node is unfolded twice, so the path is never longer than there are nodes. */
static void unfold(struct graph *self, size_t root, struct graph_rows *rows)
{
	size_t depth = 1;

	add_row(rows, &self->nodes[root], 0, NULL);
	self->nodes[root].visited = true;
	self->path[0] = (struct step){root, 0};
	while (depth > 0) {
		struct step *here = &self->path[depth - 1];
		const struct node *node = &self->nodes[here->node];
		if (here->edge >= node->edge_count) {
			depth--;
			continue;
		}
		const struct edge *edge = &self->edges[node->first_edge + here->edge++];
		struct node *below = &self->nodes[edge->to];
		add_row(rows, below, (unsigned)depth, edge->need);
		if (below->visited)
			continue;
		below->visited = true;
		self->path[depth++] = (struct step){edge->to, 0};
	}
}

int graph_rows_make(struct graph_rows *self, const struct stack_model *model, bool turned)
{
	struct graph graph = {.turned = turned};
	size_t needs = count_needs(model);
	int rc;

	*self = (struct graph_rows){0};
	rc = make_nodes(&graph, model, needs);
	if (rc == 0)
		rc = make_edges(&graph, model, needs);
	if (rc != 0)
		goto out;
	/* An edge is a row, and so is each node that no edge leads to. */
	self->rows = calloc(GRAPH_ROWS_MAX < graph.edge_count + graph.node_count + 1
				    ? GRAPH_ROWS_MAX
				    : graph.edge_count + graph.node_count + 1,
			    sizeof(*self->rows));
	if (self->rows == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < graph.node_count; i++)
		if (graph.nodes[graph.in_order[i]].pointed_at == 0)
			unfold(&graph, graph.in_order[i], self);
	/* Only in a cycle all are pointed at. */
	for (size_t i = 0; i < graph.node_count; i++)
		if (!graph.nodes[graph.in_order[i]].visited)
			unfold(&graph, graph.in_order[i], self);
out:
	free(graph.nodes);
	free(graph.in_order);
	free(graph.path);
	free(graph.edges);
	return rc;
}

void graph_rows_finish(struct graph_rows *self)
{
	free(self->rows);
	*self = (struct graph_rows){0};
}
